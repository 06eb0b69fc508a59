package mesonet.flink.input;

import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import mesonet.flink.job.SqlType;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;

/**
 * How a JSON value becomes a column (developer guide, "Mapping JSON Elements to SQL Input Columns"): true is 1, a number
 * is text in a text column, long text is cut, 123.4 in an integer column is refused, objects and arrays fit text only.
 */
public final class InputCoercion {
    private static final Pattern NUMBER =
            Pattern.compile("\\s*[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?\\s*", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern BASE64 =
            Pattern.compile("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?");
    private static final int SHOWN = 100;

    private InputCoercion() {}

    /**
     * @param value null for what the record does not have
     * @return the value as Flink's table rows hold it: StringData, DecimalData, TimestampData, days; TIME as milliseconds of the day
     * @throws RefusedRow naming the column and the value
     */
    public static Object coerce(String column, SqlType type, JsonNode value) throws RefusedRow {
        if (value == null || value.isNull()) return null;
        return switch (type.name()) {
            case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "DECIMAL", "REAL", "DOUBLE" -> number(column, type, value);
            case "CHAR", "VARCHAR" -> text(type, value);
            case "BOOLEAN" -> bool(column, type, value);
            case "DATE", "TIME", "TIMESTAMP" -> datetime(column, type, value);
            case "BINARY", "VARBINARY" -> bytes(column, type, value);
            default -> throw refuse(column, type, value);
        };
    }

    private static Object number(String column, SqlType type, JsonNode value) throws RefusedRow {
        if (value.isTextual() && value.textValue().isEmpty()) return null;
        double number = Double.NaN;
        if (value.isBoolean()) number = value.booleanValue() ? 1 : 0;
        else if (value.isNumber()) number = value.doubleValue();
        else if (value.isTextual() && NUMBER.matcher(value.textValue()).matches())
            number = Double.parseDouble(value.textValue().strip());
        boolean isFinite = !Double.isNaN(number) && !Double.isInfinite(number);
        if (!isFinite || (NumberFit.isWhole(type) && number != Math.rint(number))) throw refuse(column, type, value);
        return NumberFit.fit(number, type);
    }

    private static StringData text(SqlType type, JsonNode value) {
        String text = value.isTextual() ? value.textValue() : JsonText.print(value);
        if (value.isNumber()) text = NumberText.print(value.doubleValue());
        return StringData.fromString(text.length() <= type.limit() ? text : text.substring(0, type.limit()));
    }

    private static Boolean bool(String column, SqlType type, JsonNode value) throws RefusedRow {
        if (value.isBoolean()) return value.booleanValue();
        String word = value.isTextual() ? value.textValue().strip().toLowerCase(Locale.ROOT) : "";
        if (word.equals("true")) return true;
        if (word.equals("false")) return false;
        throw refuse(column, type, value);
    }

    /** A number of milliseconds is no time: map it as BIGINT. */
    private static Object datetime(String column, SqlType type, JsonNode value) throws RefusedRow {
        if (value.isTextual() && value.textValue().isEmpty()) return null;
        boolean isTime = type.name().equals("TIME");
        OptionalLong millis = OptionalLong.empty();
        if (value.isTextual())
            millis = isTime ? TimestampText.parseTime(value.textValue()) : TimestampText.parse(value.textValue());
        if (millis.isEmpty()) throw refuse(column, type, value);
        if (isTime) return millis.getAsLong();
        if (type.name().equals("DATE"))
            return (int) Math.floorDiv(millis.getAsLong(), TimestampText.MILLIS_PER_DAY);
        return TimestampData.fromEpochMillis(millis.getAsLong());
    }

    /** SQL reference, "Data Types": bytes travel in JSON as Base64; BINARY is filled up with zeros. */
    private static byte[] bytes(String column, SqlType type, JsonNode value) throws RefusedRow {
        if (!value.isTextual() || !BASE64.matcher(value.textValue()).matches()) throw refuse(column, type, value);
        byte[] bytes = Base64.getDecoder().decode(value.textValue());
        boolean isFixed = type.name().equals("BINARY");
        if (bytes.length <= type.limit() && !isFixed) return bytes;
        return Arrays.copyOf(bytes, type.limit());
    }

    private static RefusedRow refuse(String column, SqlType type, JsonNode value) {
        String text = JsonText.print(value);
        String shown = text.length() <= SHOWN ? text : text.substring(0, SHOWN);
        return new RefusedRow("COERCION_ERROR", "Column \"" + column + "\" cannot hold " + shown + " as " + type);
    }
}
