package mesonet.flink.output;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import mesonet.flink.input.JsonText;
import mesonet.flink.input.NumberText;
import mesonet.flink.input.TimestampText;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;

/**
 * Prints a stream's rows as the embedded engine does: an object of the columns in order, {@code 2016-11-09 06:29:00.000}
 * for TIMESTAMP, {@code 06:29:00} for TIME, bytes as Base64, NULL as null.
 */
public final class RowPrinter implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Prints the value of a column that is not NULL. */
    private interface Print extends Serializable {
        void print(RowData row, int at, StringBuilder text);
    }

    private final List<String> names = new ArrayList<>();
    private final List<Print> prints = new ArrayList<>();

    /**
     * @param columns name and type in the dialect, by position
     * @param types the columns' Flink types
     */
    public RowPrinter(List<OutputColumn> columns, List<LogicalType> types) {
        for (int at = 0; at < columns.size(); at++) {
            StringBuilder name = new StringBuilder();
            JsonText.printString(columns.get(at).name(), name);
            names.add(name + ":");
            prints.add(printOf(types.get(at), columns.get(at).sqlType()));
        }
    }

    /** Name and dialect type of a column. */
    public record OutputColumn(String name, String sqlType) implements Serializable {}

    public String print(RowData row) {
        StringBuilder text = new StringBuilder("{");
        for (int at = 0; at < names.size(); at++) {
            if (at > 0) text.append(',');
            text.append(names.get(at));
            if (row.isNullAt(at)) text.append("null");
            else prints.get(at).print(row, at, text);
        }
        return text.append('}').toString();
    }

    private static Print printOf(LogicalType type, String sqlType) {
        if (sqlType.equals("TIME")) return (row, at, text) -> quote(TimestampText.printTime(row.getLong(at)), text);
        return switch (type.getTypeRoot()) {
            case CHAR, VARCHAR -> (row, at, text) -> JsonText.printString(row.getString(at).toString(), text);
            case BOOLEAN -> (row, at, text) -> text.append(row.getBoolean(at));
            case TINYINT -> (row, at, text) -> text.append(row.getByte(at));
            case SMALLINT -> (row, at, text) -> text.append(row.getShort(at));
            case INTEGER -> (row, at, text) -> text.append(row.getInt(at));
            case BIGINT -> (row, at, text) -> text.append(row.getLong(at));
            case FLOAT -> (row, at, text) -> text.append(JsonText.printNumber(row.getFloat(at)));
            case DOUBLE -> (row, at, text) -> text.append(JsonText.printNumber(row.getDouble(at)));
            case DECIMAL -> decimal((DecimalType) type);
            case DATE ->
                    (row, at, text) ->
                            quote(TimestampText.printDate(row.getInt(at) * TimestampText.MILLIS_PER_DAY), text);
            case TIMESTAMP_WITHOUT_TIME_ZONE, TIMESTAMP_WITH_LOCAL_TIME_ZONE -> timestamp(type);
            case BINARY, VARBINARY ->
                    (row, at, text) -> quote(Base64.getEncoder().encodeToString(row.getBinary(at)), text);
            default -> throw new IllegalArgumentException("Cannot print a column of type '" + type + "'");
        };
    }

    private static Print decimal(DecimalType type) {
        int precision = type.getPrecision();
        int scale = type.getScale();
        return (row, at, text) ->
                text.append(
                        NumberText.print(row.getDecimal(at, precision, scale).toBigDecimal().doubleValue()));
    }

    private static Print timestamp(LogicalType type) {
        int precision = LogicalTypeChecks.getPrecision(type);
        return (row, at, text) ->
                quote(TimestampText.print(row.getTimestamp(at, precision).getMillisecond()), text);
    }

    private static void quote(String text, StringBuilder to) {
        to.append('"').append(text).append('"');
    }
}
