package mesonet.flink.function;

import java.util.OptionalLong;
import mesonet.flink.input.TimestampText;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.functions.ScalarFunction;

/** Times as milliseconds and as text. All are UTC; NULL in gives NULL, and so does what is no time. */
public final class TimeFunctions {
    private TimeFunctions() {}

    /** Milliseconds since the epoch of a TIMESTAMP. */
    public static final class UnixMillis extends ScalarFunction {
        public Long eval(@DataTypeHint(value = "TIMESTAMP(3)", bridgedTo = TimestampData.class) TimestampData time) {
            return time == null ? null : time.getMillisecond();
        }
    }

    /** The TIMESTAMP of milliseconds since the epoch, NULL outside the years 0000 to 9999. */
    public static final class FromMillis extends ScalarFunction {
        public @DataTypeHint(value = "TIMESTAMP(3)", bridgedTo = TimestampData.class) TimestampData eval(Long millis) {
            return millis == null || !TimestampText.isTimestamp(millis) ? null : TimestampData.fromEpochMillis(millis);
        }
    }

    /** The greatest multiple of a width that is not above the value. */
    public static final class FloorMillis extends ScalarFunction {
        public Long eval(Long value, Long width) {
            return value == null || width == null || width == 0 ? null : Math.floorDiv(value, width) * width;
        }
    }

    /** Reads a TIMESTAMP, by a SimpleDateFormat pattern where one is given. */
    public static final class ParseTimestamp extends ScalarFunction {
        public @DataTypeHint(value = "TIMESTAMP(3)", bridgedTo = TimestampData.class) TimestampData eval(String text) {
            return text == null ? null : timestamp(TimestampText.parse(text));
        }

        public @DataTypeHint(value = "TIMESTAMP(3)", bridgedTo = TimestampData.class) TimestampData eval(
                String text, String pattern) {
            return text == null || pattern == null ? null : timestamp(new DatePattern(pattern).parse(text));
        }

        private static TimestampData timestamp(OptionalLong millis) {
            boolean isTime = millis.isPresent() && TimestampText.isTimestamp(millis.getAsLong());
            return isTime ? TimestampData.fromEpochMillis(millis.getAsLong()) : null;
        }
    }

    /** Prints a TIMESTAMP by a SimpleDateFormat pattern. */
    public static final class FormatTimestamp extends ScalarFunction {
        public String eval(
                @DataTypeHint(value = "TIMESTAMP(3)", bridgedTo = TimestampData.class) TimestampData time,
                String pattern) {
            return time == null || pattern == null ? null : new DatePattern(pattern).print(time.getMillisecond());
        }
    }

    /** Reads a TIME as milliseconds of the day. */
    public static final class ParseTime extends ScalarFunction {
        public Long eval(String text) {
            OptionalLong millis = text == null ? OptionalLong.empty() : TimestampText.parseTime(text);
            return millis.isPresent() ? (Long) millis.getAsLong() : null;
        }
    }

    /** Prints a TIME. */
    public static final class TimeText extends ScalarFunction {
        public String eval(Long millisOfDay) {
            return millisOfDay == null ? null : TimestampText.printTime(millisOfDay);
        }
    }

    /** When the job was started: one time for all rows. */
    public static final class StartTime extends ScalarFunction {
        private final long startMillis;

        public StartTime(long startMillis) {
            this.startMillis = startMillis;
        }

        public @DataTypeHint(value = "TIMESTAMP(3)", bridgedTo = TimestampData.class) TimestampData eval() {
            return TimestampData.fromEpochMillis(startMillis);
        }
    }
}
