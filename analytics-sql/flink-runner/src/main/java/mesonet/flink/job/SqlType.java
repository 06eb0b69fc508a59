package mesonet.flink.job;

import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;

/** A type of the streaming SQL dialect as the plan writes it; what is absent is -1. */
public record SqlType(String name, int length, int precision, int scale) implements Serializable {
    private static final int DEFAULT_PRECISION = 18;
    private static final Pattern TEXT = Pattern.compile("([A-Z]+)(?:\\((\\d+)(?:,(\\d+))?\\))?");

    /** Reads {@code VARCHAR(32)} or {@code DECIMAL(10,2)}. */
    public static SqlType parse(String text) {
        Matcher match = TEXT.matcher(text);
        if (!match.matches()) throw new IllegalArgumentException("Cannot read type '" + text + "'");
        String name = match.group(1);
        int first = match.group(2) == null ? -1 : Integer.parseInt(match.group(2));
        int second = match.group(3) == null ? -1 : Integer.parseInt(match.group(3));
        return name.equals("DECIMAL") ? new SqlType(name, -1, first, second) : new SqlType(name, first, -1, -1);
    }

    /** Characters or bytes that fit, 1 where the type names none. */
    public int limit() {
        return length < 0 ? 1 : length;
    }

    /** The same type in Flink: FLOAT has 32 bits there, and CHAR is not padded here. */
    public DataType toFlink() {
        return switch (name) {
            case "TINYINT" -> DataTypes.TINYINT();
            case "SMALLINT" -> DataTypes.SMALLINT();
            case "INTEGER" -> DataTypes.INT();
            case "BIGINT" -> DataTypes.BIGINT();
            case "DECIMAL" -> DataTypes.DECIMAL(decimalPrecision(), decimalScale());
            case "REAL" -> DataTypes.FLOAT();
            case "DOUBLE" -> DataTypes.DOUBLE();
            case "BOOLEAN" -> DataTypes.BOOLEAN();
            case "DATE" -> DataTypes.DATE();
            // Milliseconds of the day: Flink's TIME cannot be added to nor compared as the dialect does
            case "TIME" -> DataTypes.BIGINT();
            case "TIMESTAMP" -> DataTypes.TIMESTAMP(3);
            case "CHAR", "VARCHAR" -> DataTypes.VARCHAR(limit());
            case "BINARY" -> DataTypes.BINARY(limit());
            case "VARBINARY" -> DataTypes.VARBINARY(limit());
            default -> throw new IllegalArgumentException("Cannot use type '" + name + "' for a column");
        };
    }

    public int decimalPrecision() {
        return precision < 0 ? DEFAULT_PRECISION : precision;
    }

    public int decimalScale() {
        return scale < 0 ? 0 : scale;
    }

    /** {@code VARCHAR(32)}, {@code DECIMAL(10,2)}: as the dialect writes it. */
    @Override
    public String toString() {
        if (length >= 0) return name + "(" + length + ")";
        if (precision >= 0) return name + "(" + precision + "," + decimalScale() + ")";
        return name;
    }
}
