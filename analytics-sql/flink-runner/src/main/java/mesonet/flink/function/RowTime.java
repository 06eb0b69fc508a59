package mesonet.flink.function;

import java.time.LocalDateTime;
import java.time.ZoneOffset;

/** TIMESTAMP as Flink hands it to functions, and milliseconds since the epoch. */
final class RowTime {
    private RowTime() {}

    static long millisOf(LocalDateTime time) {
        return time.toInstant(ZoneOffset.UTC).toEpochMilli();
    }

    static LocalDateTime of(long millis) {
        return LocalDateTime.ofEpochSecond(
                Math.floorDiv(millis, 1000L), (int) Math.floorMod(millis, 1000L) * 1_000_000, ZoneOffset.UTC);
    }
}
