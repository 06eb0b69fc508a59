package mesonet.flink.input;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** DATE, TIME and TIMESTAMP as text, read and written as the embedded engine does; milliseconds since the epoch, UTC. */
public final class TimestampText {
    public static final long MILLIS_PER_DAY = 86_400_000L;
    /** The years 0000 to 9999, which TIMESTAMP holds. */
    private static final long MIN_MILLIS = -62_167_219_200_000L;
    private static final long MAX_MILLIS = 253_402_300_799_999L;
    private static final Pattern DATETIME =
            Pattern.compile("(\\d{4})-(\\d{1,2})-(\\d{1,2})(?:[ T](\\d{1,2}):(\\d{2}):(\\d{2})(?:\\.(\\d{1,9}))?Z?)?");
    private static final Pattern TIME = Pattern.compile("(\\d{1,2}):(\\d{2}):(\\d{2})(?:\\.(\\d{1,9}))?");

    private TimestampText() {}

    /** {@code 1992-02-14}, {@code 1992-02-14 18:35:44.0} or with a T; empty for other text or a day that does not exist. */
    public static OptionalLong parse(String text) {
        Matcher match = DATETIME.matcher(text.strip());
        if (!match.matches()) return OptionalLong.empty();
        long midnight;
        try {
            midnight = LocalDate.of(
                                    Integer.parseInt(match.group(1)),
                                    Integer.parseInt(match.group(2)),
                                    Integer.parseInt(match.group(3)))
                            .toEpochDay()
                    * MILLIS_PER_DAY;
        } catch (DateTimeException noSuchDay) {
            return OptionalLong.empty();
        }
        if (match.group(4) == null) return OptionalLong.of(midnight);
        OptionalLong time = timeOfDay(match, 4);
        return time.isEmpty() ? time : OptionalLong.of(midnight + time.getAsLong());
    }

    /** {@code 18:35:44} or {@code 18:35:44.250} as milliseconds of the day. */
    public static OptionalLong parseTime(String text) {
        Matcher match = TIME.matcher(text.strip());
        return match.matches() ? timeOfDay(match, 1) : OptionalLong.empty();
    }

    private static OptionalLong timeOfDay(Matcher match, int first) {
        int hour = Integer.parseInt(match.group(first));
        int minute = Integer.parseInt(match.group(first + 1));
        int second = Integer.parseInt(match.group(first + 2));
        if (hour > 23 || minute > 59 || second > 59) return OptionalLong.empty();
        String fraction = match.group(first + 3);
        int millis = fraction == null ? 0 : Integer.parseInt((fraction + "00").substring(0, 3));
        return OptionalLong.of((hour * 3600L + minute * 60L + second) * 1000L + millis);
    }

    public static boolean isTimestamp(long millis) {
        return millis >= MIN_MILLIS && millis <= MAX_MILLIS;
    }

    /** {@code 2016-11-09 06:29:00.000} */
    public static String print(long millis) {
        return printDate(millis) + " " + clock(millis) + String.format(".%03d", Math.floorMod(millis, 1000L));
    }

    /** {@code 2016-11-09} */
    public static String printDate(long millis) {
        return LocalDate.ofEpochDay(Math.floorDiv(millis, MILLIS_PER_DAY)).toString();
    }

    /** {@code 06:29:00}, with milliseconds where there are any. */
    public static String printTime(long millis) {
        long fraction = Math.floorMod(millis, 1000L);
        return fraction == 0 ? clock(millis) : clock(millis) + String.format(".%03d", fraction);
    }

    private static String clock(long millis) {
        long seconds = Math.floorMod(millis, MILLIS_PER_DAY) / 1000;
        return String.format("%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
}
