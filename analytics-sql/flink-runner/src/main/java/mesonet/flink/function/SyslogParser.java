package mesonet.flink.function;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesonet.flink.input.TimestampText;

/**
 * SYS_LOG_PARSE: {@code Mon DD HH:MM:SS server message} (RFC 3164, a priority in front allowed) as a time and the rest.
 * The line has no year: it is that of ROWTIME, or the one before where that would lie more than a day ahead.
 */
final class SyslogParser {
    private static final Pattern LINE =
            Pattern.compile(
                    "(?:<\\d{1,3}>)?([A-Z][a-z]{2}) {1,2}(\\d{1,2}) (\\d{2}):(\\d{2}):(\\d{2}) (.*)", Pattern.DOTALL);
    private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

    private SyslogParser() {}

    static String[] fields(String text, long rowtimeMillis) {
        Matcher line = LINE.matcher(text);
        if (!line.matches()) return null;
        int month = MONTHS.indexOf(line.group(1));
        if (month < 0 || month % 3 != 0) return null;
        int year = Instant.ofEpochMilli(rowtimeMillis).atZone(ZoneOffset.UTC).getYear();
        Long millis = millisIn(year, month / 3 + 1, line);
        if (millis == null || millis > rowtimeMillis + TimestampText.MILLIS_PER_DAY)
            millis = millisIn(year - 1, month / 3 + 1, line);
        return millis == null ? null : new String[] {TimestampText.print(millis), line.group(6)};
    }

    private static Long millisIn(int year, int month, Matcher line) {
        try {
            return LocalDateTime.of(year, month, number(line, 2), number(line, 3), number(line, 4), number(line, 5))
                    .toInstant(ZoneOffset.UTC)
                    .toEpochMilli();
        } catch (DateTimeException noSuchTime) {
            return null;
        }
    }

    private static int number(Matcher line, int group) {
        return Integer.parseInt(line.group(group));
    }
}
