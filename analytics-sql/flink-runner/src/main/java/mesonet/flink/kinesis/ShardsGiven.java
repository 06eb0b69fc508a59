package mesonet.flink.kinesis;

import org.apache.flink.api.connector.source.SourceEvent;

/** Told to each reader once shards were listed and given out: who has none now has none to wait for. */
record ShardsGiven() implements SourceEvent {}
