package mesonet.flink.output;

import java.io.Serializable;

/** A record as it leaves: one line of JSON, and the key that chooses its shard. */
public record OutputLine(String partitionKey, String text) implements Serializable {}
