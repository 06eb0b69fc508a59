package mesonet.flink.output;

import java.util.List;
import java.util.UUID;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;

/** An output's rows as lines; rows with the same key columns go to the same shard, without any they are spread. */
final class RowToLine implements MapFunction<RowData, OutputLine> {
    private static final long serialVersionUID = 1L;
    private static final int MAX_PARTITION_KEY = 256;

    private final RowPrinter printer;
    private final RowData.FieldGetter[] keys;

    RowToLine(RowPrinter printer, List<Integer> keyColumns, List<LogicalType> types) {
        this.printer = printer;
        keys =
                keyColumns.stream()
                        .map(at -> RowData.createFieldGetter(types.get(at), at))
                        .toArray(RowData.FieldGetter[]::new);
    }

    @Override
    public OutputLine map(RowData row) {
        return new OutputLine(partitionKey(row), printer.print(row));
    }

    /** Kinesis takes 1 to 256 characters (Kinesis API, PutRecordsRequestEntry). */
    private String partitionKey(RowData row) {
        if (keys.length == 0) return UUID.randomUUID().toString();
        StringBuilder key = new StringBuilder();
        for (RowData.FieldGetter getter : keys) {
            if (!key.isEmpty()) key.append('|');
            key.append(getter.getFieldOrNull(row));
        }
        if (key.isEmpty()) return "-";
        return key.length() <= MAX_PARTITION_KEY ? key.toString() : key.substring(0, MAX_PARTITION_KEY);
    }
}
