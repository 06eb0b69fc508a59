package mesonet.flink.kinesis;

import java.io.Serializable;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import mesonet.flink.RunnerException;

/**
 * Where a job begins that has no checkpoint: at the oldest record, or at a time in milliseconds since the epoch. LATEST
 * is the time at which the job is started, so that a restart before the first record skips nothing.
 */
public record StartPosition(boolean isOldest, long millis) implements Serializable {
    private static final String POSITION = "initial.position";
    private static final String TIMESTAMP = "initial.timestamp";

    /** @throws RunnerException for a position that there is not */
    public static StartPosition of(Map<String, String> options, long nowMillis) {
        String position = options.getOrDefault(POSITION, "LATEST");
        return switch (position) {
            case "TRIM_HORIZON" -> new StartPosition(true, 0);
            case "LATEST" -> new StartPosition(false, nowMillis);
            case "AT_TIMESTAMP" -> new StartPosition(false, parse(options.get(TIMESTAMP)));
            default -> throw new RunnerException(
                    "Cannot start at '" + position + "', the positions are LATEST, TRIM_HORIZON and AT_TIMESTAMP");
        };
    }

    private static long parse(String timestamp) {
        try {
            return Instant.parse(timestamp == null ? "" : timestamp).toEpochMilli();
        } catch (DateTimeParseException cause) {
            throw new RunnerException(
                    "Cannot start at '" + timestamp + "', " + TIMESTAMP + " must be such as 2016-11-09T06:29:00Z", cause);
        }
    }
}
