package mesonet.flink.kinesis;

import mesonet.flink.job.TimePlan;
import mesonet.flink.time.SourceClock;

/** What a reader knows of a shard while it reads it. */
final class ShardState {
    private final ShardSplit split;
    final SourceClock clock;
    String sequenceNumber;

    ShardState(ShardSplit split, TimePlan time) {
        this.split = split;
        clock = new SourceClock(time, split.watermarkMillis());
        sequenceNumber = split.sequenceNumber();
    }

    ShardSplit toSplit() {
        return new ShardSplit(split.shardId(), sequenceNumber, split.start(), clock.watermark());
    }
}
