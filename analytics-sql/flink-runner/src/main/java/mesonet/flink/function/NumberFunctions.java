package mesonet.flink.function;

import java.util.regex.Pattern;
import mesonet.flink.input.NumberText;
import org.apache.flink.table.functions.ScalarFunction;

/** Numbers as text and back, and the remainder, as the embedded engine has them. */
public final class NumberFunctions {
    private static final Pattern NUMBER = Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?");

    private NumberFunctions() {}

    /** The shortest text that reads back as the number: {@code 3}, {@code 2.5}, {@code 1e+21}. */
    public static final class Text extends ScalarFunction {
        public String eval(Double value) {
            return value == null ? null : NumberText.print(value);
        }
    }

    /** The number that a text is, NULL where it is none or not finite. */
    public static final class ToDouble extends ScalarFunction {
        public Double eval(String text) {
            if (text == null || !NUMBER.matcher(text.strip()).matches()) return null;
            double value = Double.parseDouble(text.strip());
            return Double.isInfinite(value) ? null : (Double) value;
        }
    }

    /** The remainder with the sign of the dividend, NULL for a divisor of 0. */
    public static final class Mod extends ScalarFunction {
        public Double eval(Double value, Double divisor) {
            return value == null || divisor == null || divisor == 0 ? null : (Double) (value % divisor);
        }
    }
}
