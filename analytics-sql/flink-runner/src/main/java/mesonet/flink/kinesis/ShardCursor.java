package mesonet.flink.kinesis;

import java.time.Instant;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.ExpiredIteratorException;
import software.amazon.awssdk.services.kinesis.model.GetRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.kinesis.model.KinesisException;
import software.amazon.awssdk.services.kinesis.model.ProvisionedThroughputExceededException;
import software.amazon.awssdk.services.kinesis.model.Record;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;

/**
 * Reads one shard from where its split stands. A shard may be asked five times a second (Kinesis API, GetRecords);
 * throttled calls wait longer, an iterator that expired is made anew behind the last record.
 */
final class ShardCursor {
    private static final long POLL_MILLIS = 200;
    private static final long MAX_WAIT_MILLIS = 5_000;

    private final KinesisClient client;
    private final String streamArn;
    private final ShardSplit split;
    private final int limit;
    private String lastSequenceNumber;
    private String iterator;
    private long nextPollMillis = 0;
    private long waitMillis = POLL_MILLIS;

    ShardCursor(KinesisClient client, String streamArn, ShardSplit split, int limit) {
        this.client = client;
        this.streamArn = streamArn;
        this.split = split;
        this.limit = limit;
        lastSequenceNumber = split.sequenceNumber();
    }

    String shardId() {
        return split.shardId();
    }

    /** When the shard may be asked again, milliseconds since the epoch. */
    long nextPollMillis() {
        return nextPollMillis;
    }

    /** What the shard has next, null when it was throttled or its iterator had expired: it is asked again later. */
    GetRecordsResponse poll(long nowMillis) {
        try {
            if (iterator == null) iterator = createIterator();
            String at = iterator;
            GetRecordsResponse found = client.getRecords(request -> request.shardIterator(at).streamARN(streamArn).limit(limit));
            for (Record record : found.records()) lastSequenceNumber = record.sequenceNumber();
            iterator = found.nextShardIterator();
            waitMillis = POLL_MILLIS;
            nextPollMillis = nowMillis + POLL_MILLIS;
            return found;
        } catch (ExpiredIteratorException expired) {
            iterator = null;
            return null;
        } catch (ProvisionedThroughputExceededException throttled) {
            slowDown(nowMillis);
            return null;
        } catch (KinesisException refused) {
            if (!refused.isThrottlingException() && refused.statusCode() < 500) throw refused;
            slowDown(nowMillis);
            return null;
        }
    }

    private void slowDown(long nowMillis) {
        waitMillis = Math.min(MAX_WAIT_MILLIS, waitMillis * 2);
        nextPollMillis = nowMillis + waitMillis;
    }

    private String createIterator() {
        GetShardIteratorRequest.Builder request =
                GetShardIteratorRequest.builder().streamARN(streamArn).shardId(split.shardId());
        if (lastSequenceNumber != null)
            request.shardIteratorType(ShardIteratorType.AFTER_SEQUENCE_NUMBER).startingSequenceNumber(lastSequenceNumber);
        else if (split.start() == null) request.shardIteratorType(ShardIteratorType.TRIM_HORIZON);
        else
            request.shardIteratorType(ShardIteratorType.AT_TIMESTAMP).timestamp(Instant.ofEpochMilli(split.start()));
        return client.getShardIterator(request.build()).shardIterator();
    }
}
