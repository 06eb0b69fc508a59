package mesonet.flink.function;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.table.functions.ScalarFunction;

/** Intervals, which are milliseconds here, as text (SQL reference, "Date, Timestamp, and Interval Operators"). */
public final class IntervalFunctions {
    private static final List<String> FIELDS = List.of("DAY", "HOUR", "MINUTE", "SECOND");
    private static final List<Long> MILLIS = List.of(86_400_000L, 3_600_000L, 60_000L, 1000L);
    private static final List<String> SEPARATORS = List.of("", " ", ":", ":");

    private IntervalFunctions() {}

    /** {@code +6:11} for 371 s as MINUTE TO SECOND, {@code +371} as SECOND. */
    public static final class IntervalText extends ScalarFunction {
        public String eval(Long millis, String from, String to) {
            if (millis == null) return null;
            int first = FIELDS.indexOf(from);
            int last = FIELDS.indexOf(to);
            long left = Math.abs(millis);
            StringBuilder text = new StringBuilder(millis < 0 ? "-" : "+");
            for (int field = first; field <= last; field++) {
                long count = left / MILLIS.get(field);
                left -= count * MILLIS.get(field);
                if (field == first) text.append(count);
                else text.append(SEPARATORS.get(field)).append(String.format("%02d", count));
            }
            if (to.equals("SECOND") && left > 0) text.append(String.format(".%03d", left));
            return text.toString();
        }
    }

    /** Reads what {@link IntervalText} prints, with or without its sign; NULL for text of another shape. */
    public static final class ParseInterval extends ScalarFunction {
        public Long eval(String text, String from, String to) {
            if (text == null) return null;
            int first = FIELDS.indexOf(from);
            int last = FIELDS.indexOf(to);
            StringBuilder shape = new StringBuilder("([+-]?)");
            for (int field = first; field <= last; field++)
                shape.append(field == first ? "" : SEPARATORS.get(field)).append("([0-9]{1,10})");
            boolean hasFraction = to.equals("SECOND");
            if (hasFraction) shape.append("(?:\\.([0-9]{1,9}))?");
            Matcher match = Pattern.compile(shape.toString()).matcher(text.strip());
            if (!match.matches()) return null;
            long millis = 0;
            for (int field = first; field <= last; field++)
                millis += Long.parseLong(match.group(field - first + 2)) * MILLIS.get(field);
            String fraction = hasFraction ? match.group(last - first + 3) : null;
            if (fraction != null) millis += Long.parseLong((fraction + "00").substring(0, 3));
            return match.group(1).equals("-") ? -millis : millis;
        }
    }
}
