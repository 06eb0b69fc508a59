package mesonet.flink.function;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesonet.flink.input.TimestampText;

/**
 * Patterns of java.text.SimpleDateFormat with the embedded engine's strictness: a day that does not exist is no date, and
 * a field takes as many digits as it has letters only where another field follows at once. Times are UTC.
 */
final class DatePattern {
    private static final Pattern TOKEN = Pattern.compile("'((?:[^']|'')*)'|([A-Za-z])\\2*|[^A-Za-z']+");
    private static final int MAX_DIGITS = 19;

    private final String pattern;

    DatePattern(String pattern) {
        this.pattern = pattern;
    }

    /** NULL for a letter that there is not. */
    String print(long millis) {
        ZonedDateTime time = Instant.ofEpochMilli(millis).atZone(ZoneOffset.UTC);
        StringBuilder text = new StringBuilder();
        Matcher token = TOKEN.matcher(pattern);
        int at = 0;
        while (token.find()) {
            text.append(pattern, at, token.start());
            at = token.end();
            String printed = printToken(token, time);
            if (printed == null) return null;
            text.append(printed);
        }
        return text.append(pattern.substring(at)).toString();
    }

    private static String printToken(Matcher token, ZonedDateTime time) {
        if (token.group(1) != null) return token.group(1).isEmpty() ? "'" : token.group(1).replace("''", "'");
        if (token.group(2) == null) return token.group();
        return printField(token.group(2).charAt(0), token.group().length(), time);
    }

    private static String printField(char letter, int width, ZonedDateTime time) {
        int hour = time.getHour();
        return switch (letter) {
            case 'y' -> pad(width == 2 ? time.getYear() % 100 : time.getYear(), width);
            case 'M' -> width < 3 ? pad(time.getMonthValue(), width) : time.getMonth().getDisplayName(style(width), Locale.ENGLISH);
            case 'd' -> pad(time.getDayOfMonth(), width);
            case 'D' -> pad(time.getDayOfYear(), width);
            case 'E' -> time.getDayOfWeek().getDisplayName(style(width), Locale.ENGLISH);
            case 'u' -> pad(time.getDayOfWeek().getValue(), width);
            case 'a' -> hour < 12 ? "AM" : "PM";
            case 'H' -> pad(hour, width);
            case 'k' -> pad(hour == 0 ? 24 : hour, width);
            case 'K' -> pad(hour % 12, width);
            case 'h' -> pad(hour % 12 == 0 ? 12 : hour % 12, width);
            case 'm' -> pad(time.getMinute(), width);
            case 's' -> pad(time.getSecond(), width);
            case 'S' -> pad(time.getNano() / 1_000_000, width);
            case 'G' -> "AD";
            case 'z' -> "UTC";
            case 'Z' -> "+0000";
            case 'X' -> "Z";
            default -> null;
        };
    }

    private static TextStyle style(int width) {
        return width >= 4 ? TextStyle.FULL : TextStyle.SHORT;
    }

    private static String pad(int value, int width) {
        String text = Integer.toString(value);
        return "0".repeat(Math.max(0, width - text.length())) + text;
    }

    /** Milliseconds since the epoch, empty for text that does not fit. */
    OptionalLong parse(String text) {
        DateFields fields = new DateFields();
        Matcher token = TOKEN.matcher(pattern);
        int at = 0;
        boolean found = token.find();
        while (found && at >= 0) {
            String literal = token.group(1) != null ? token.group(1) : token.group(2) == null ? token.group() : null;
            String letters = token.group();
            found = token.find();
            boolean isFollowed = found && token.group(2) != null;
            if (literal != null) at = text.startsWith(literal, at) ? at + literal.length() : -1;
            else at = fields.read(letters.charAt(0), isFollowed ? letters.length() : MAX_DIGITS, text, at);
        }
        return at < 0 ? OptionalLong.empty() : millisOf(fields);
    }

    private static OptionalLong millisOf(DateFields fields) {
        try {
            long day = LocalDate.of(fields.year, fields.month, fields.day).toEpochDay();
            LocalTime time = LocalTime.of(fields.hourOfDay(), fields.minute, fields.second);
            long millis = day * TimestampText.MILLIS_PER_DAY + time.toSecondOfDay() * 1000L + fields.millis;
            return OptionalLong.of(millis - fields.offsetMinutes * 60_000L);
        } catch (DateTimeException noSuchTime) {
            return OptionalLong.empty();
        }
    }
}
