package mesonet.flink.kinesis;

import org.apache.flink.api.connector.source.SourceEvent;

/** A reader has come to the end of a closed shard: its children may be read. */
record ShardFinished(String shardId) implements SourceEvent {}
