package mesonet.flink.input;

import mesonet.flink.time.SourceClock;

/** Why a row has no place in time. */
final class TimeRefusal {
    private TimeRefusal() {}

    static RefusedRow of(SourceClock.Verdict verdict, Long eventMillis, long arrivalMillis) {
        return switch (verdict) {
            case MISSING -> new RefusedRow("TIME_MISSING", "The time column is NULL");
            case OUT_OF_RANGE ->
                    new RefusedRow(
                            "TIME_OUT_OF_RANGE",
                            "Timestamp " + eventMillis + " ms lies outside the years 0000 to 9999");
            default ->
                    new RefusedRow(
                            "TIME_AHEAD",
                            "Timestamp "
                                    + eventMillis
                                    + " lies too far ahead of its arrival at "
                                    + TimestampText.print(arrivalMillis));
        };
    }
}
