package mesonet.flink.job;

import java.io.Serializable;

/** Where ROWTIME comes from; {@code columnIndex} is -1 for arrival time. */
public record TimePlan(
        boolean isArrival, int columnIndex, long outOfOrderMillis, long maxAheadMillis, long idleMillis)
        implements Serializable {}
