package mesonet.flink.input;

import java.math.BigDecimal;
import java.math.RoundingMode;
import mesonet.flink.job.SqlType;
import org.apache.flink.table.data.DecimalData;

/** A number as a value of a column's type, as the embedded engine fits it. */
public final class NumberFit {
    /** 2^53 - 1: what a JSON number keeps exactly bounds BIGINT. */
    private static final double MAX_SAFE = 9_007_199_254_740_991.0;

    private NumberFit() {}

    public static boolean isWhole(SqlType type) {
        return bound(type) > 0;
    }

    /**
     * Integers truncate, DECIMAL rounds half away from zero to its scale.
     *
     * @throws RefusedRow when the number does not fit
     */
    public static Object fit(double value, SqlType type) throws RefusedRow {
        double bound = bound(type);
        if (bound > 0) return whole(value, type, bound);
        if (type.name().equals("DECIMAL")) return decimal(value, type);
        if (!type.name().equals("REAL")) return value;
        float narrowed = (float) value;
        if (Float.isInfinite(narrowed)) throw overflow(value, type);
        return narrowed;
    }

    private static double bound(SqlType type) {
        return switch (type.name()) {
            case "TINYINT" -> Byte.MAX_VALUE;
            case "SMALLINT" -> Short.MAX_VALUE;
            case "INTEGER" -> Integer.MAX_VALUE;
            case "BIGINT" -> MAX_SAFE;
            default -> -1;
        };
    }

    private static Object whole(double value, SqlType type, double bound) throws RefusedRow {
        double whole = value < 0 ? Math.ceil(value) : Math.floor(value);
        double lowest = bound == MAX_SAFE ? -bound : -bound - 1;
        if (!(whole >= lowest && whole <= bound)) throw overflow(value, type);
        long number = (long) whole;
        return switch (type.name()) {
            case "TINYINT" -> (Object) (byte) number;
            case "SMALLINT" -> (short) number;
            case "INTEGER" -> (int) number;
            default -> number;
        };
    }

    private static DecimalData decimal(double value, SqlType type) throws RefusedRow {
        int scale = type.decimalScale();
        double rounded = round(value, scale);
        if (Math.abs(rounded) >= Math.pow(10, type.decimalPrecision() - scale)) throw overflow(value, type);
        BigDecimal exact = new BigDecimal(NumberText.print(rounded)).setScale(scale, RoundingMode.HALF_UP);
        return DecimalData.fromBigDecimal(exact, type.decimalPrecision(), scale);
    }

    /** Rounds half away from zero, forgiving the last bit of a binary fraction. */
    public static double round(double value, int scale) {
        double factor = Math.pow(10, scale);
        double scaled = Math.abs(value) * factor;
        if (scaled >= MAX_SAFE) return value;
        return Math.signum(value) * Math.round(scaled * (1 + Math.ulp(1.0))) / factor;
    }

    private static RefusedRow overflow(double value, SqlType type) {
        return new RefusedRow(
                "NUMERIC_OVERFLOW", "Value " + NumberText.print(value) + " does not fit " + type);
    }
}
