package mesonet.flink.input;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.io.NumberOutput;

/**
 * Numbers as text, as the embedded engine writes them: the fewest digits that read back as the same number, without an
 * exponent from 1e-6 up to 1e21 (ECMAScript, Number::toString).
 */
public final class NumberText {
    private static final int MIN_PLAIN_EXPONENT = -7;
    private static final int MAX_PLAIN_EXPONENT = 21;
    private static final double EXACT = 9_007_199_254_740_992.0;

    private NumberText() {}

    public static String print(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return Double.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
        }
        if (value == (long) value && Math.abs(value) < EXACT) return Long.toString((long) value);
        BigDecimal shortest = shortest(value);
        String digits = shortest.unscaledValue().abs().toString();
        String sign = value < 0 ? "-" : "";
        return sign + place(digits, digits.length() - shortest.scale());
    }

    /** Java's own text has two digits at least, and takes the nearer number of two where one digit would do. */
    private static BigDecimal shortest(double value) {
        BigDecimal found = new BigDecimal(NumberOutput.toString(value, true)).stripTrailingZeros();
        if (found.precision() != 2) return found;
        BigDecimal shorter = found.round(new MathContext(1, RoundingMode.HALF_UP));
        return shorter.doubleValue() == value ? shorter.stripTrailingZeros() : found;
    }

    /** Writes {@code 0.digits × 10^point}. */
    private static String place(String digits, int point) {
        int count = digits.length();
        if (count <= point && point <= MAX_PLAIN_EXPONENT) return digits + "0".repeat(point - count);
        if (0 < point && point <= MAX_PLAIN_EXPONENT) return digits.substring(0, point) + "." + digits.substring(point);
        if (MIN_PLAIN_EXPONENT < point - 1 && point <= 0) return "0." + "0".repeat(-point) + digits;
        String mantissa = count == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        return mantissa + "e" + (point > 0 ? "+" : "-") + Math.abs(point - 1);
    }
}
