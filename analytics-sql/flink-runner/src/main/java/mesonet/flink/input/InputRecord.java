package mesonet.flink.input;

import java.io.Serializable;

/** A record of the source stream; {@code sequenceNumber} and {@code partitionKey} may be null. */
public record InputRecord(
        byte[] data, long arrivalMillis, String shardId, String sequenceNumber, String partitionKey)
        implements Serializable {}
