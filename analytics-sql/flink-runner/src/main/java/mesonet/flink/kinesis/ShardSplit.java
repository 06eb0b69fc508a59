package mesonet.flink.kinesis;

import java.io.Serializable;
import mesonet.flink.time.SourceClock;
import org.apache.flink.api.connector.source.SourceSplit;

/**
 * A shard, and how far it has been read.
 *
 * @param sequenceNumber of the last record that was read, null before the first
 * @param start where to begin before the first; null is the oldest record of the shard
 * @param watermarkMillis how far the shard's time had passed, {@link SourceClock#NEVER} before the first record
 */
public record ShardSplit(String shardId, String sequenceNumber, Long start, long watermarkMillis)
        implements SourceSplit, Serializable {
    static ShardSplit fresh(String shardId, Long startMillis) {
        return new ShardSplit(shardId, null, startMillis, SourceClock.NEVER);
    }

    @Override
    public String splitId() {
        return shardId;
    }
}
