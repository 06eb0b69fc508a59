package mesonet.flink.kinesis;

import mesonet.flink.input.InputRecord;

/** A record of a shard, or, with none, news that the shard has nothing more up to a time (milliseconds since the epoch). */
record ShardItem(InputRecord record, long tipMillis) {}
