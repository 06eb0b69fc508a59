package mesonet.flink.input;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.List;
import mesonet.flink.job.InputColumn;
import mesonet.flink.job.InputFormat;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

/** The way from a record's bytes to its rows, by the input schema. */
public final class RecordDecoder implements Serializable {
    private static final long serialVersionUID = 1L;

    private final InputFormat format;

    public RecordDecoder(InputFormat format) {
        this.format = format;
    }

    /**
     * The items of a record, each for one row.
     *
     * @throws RefusedRow for a record without rows
     */
    public List<JsonNode> items(byte[] data) throws RefusedRow {
        return items(new String(data, StandardCharsets.UTF_8));
    }

    public List<JsonNode> items(String text) throws RefusedRow {
        if (format.isCsv()) return CsvText.read(text, format.rowDelimiter(), format.columnDelimiter());
        JsonNode record = JsonText.parse(text);
        if (format.rowPath().isEmpty()) {
            if (record == null) throw noObject();
            return List.of(record);
        }
        List<JsonNode> items = record == null ? List.of() : PathLookup.rows(record, format.rowPath());
        if (items.isEmpty()) throw new RefusedRow("ROW_PATH_EMPTY", "Record has nothing at its RecordRowPath");
        return items;
    }

    /**
     * The columns of one row, in front of room for others.
     *
     * @param width length of the array that is answered, at least the number of columns
     * @throws RefusedRow for a value that its column cannot hold
     */
    public Object[] values(JsonNode item, int width) throws RefusedRow {
        if (!item.isObject() && !item.isArray()) throw noObject();
        List<InputColumn> columns = format.columns();
        Object[] values = new Object[width];
        for (int at = 0; at < columns.size(); at++) {
            InputColumn column = columns.get(at);
            values[at] = InputCoercion.coerce(column.name(), column.type(), PathLookup.find(item, column.path()));
        }
        return values;
    }

    private static RefusedRow noObject() {
        return new RefusedRow("RECORD_FORMAT", "Record is no JSON object");
    }
}
