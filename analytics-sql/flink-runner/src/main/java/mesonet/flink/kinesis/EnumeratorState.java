package mesonet.flink.kinesis;

import java.util.Set;

/** Which shards are being read, which have been read to their end, which wait for a reader, and where the job began. */
public record EnumeratorState(
        Set<String> assigned,
        Set<String> finished,
        Set<ShardSplit> waiting,
        StartPosition position) {}
