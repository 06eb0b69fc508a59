package mesonet.flink.function;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import mesonet.flink.RunnerException;
import mesonet.flink.input.NumberText;
import mesonet.flink.input.RecordDecoder;
import mesonet.flink.input.RefusedRow;
import mesonet.flink.job.InputColumn;
import mesonet.flink.job.ReferenceTable;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.TableFunction;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.inference.InputTypeStrategies;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.table.types.inference.TypeStrategies;

/** The rows of a reference table whose key columns equal the arguments, in the file's order; NULL equals nothing. */
public final class ReferenceLookup extends TableFunction<RowData> {
    private static final long serialVersionUID = 1L;

    private final ReferenceTable table;
    private final ReferenceTable.Lookup lookup;
    /** The rows as text: Flink's rows do not travel with the function. */
    private final String content;
    private transient Map<List<String>, List<RowData>> rows;

    /** @throws RunnerException for a record that does not fit the table's schema */
    public ReferenceLookup(ReferenceTable table, ReferenceTable.Lookup lookup, String content) {
        this.table = table;
        this.lookup = lookup;
        this.content = content;
        read();
    }

    public void eval(Object... keys) {
        if (rows == null) rows = read();
        List<String> key = new ArrayList<>();
        for (Object value : keys) {
            if (value == null) return;
            key.add(keyText(value));
        }
        rows.getOrDefault(key, List.of()).forEach(this::collect);
    }

    private Map<List<String>, List<RowData>> read() {
        RecordDecoder decoder = new RecordDecoder(table.format());
        List<String> names = table.format().columns().stream().map(InputColumn::name).toList();
        int[] keyColumns = lookup.keys().stream().mapToInt(key -> names.indexOf(key.column())).toArray();
        Map<List<String>, List<RowData>> found = new HashMap<>();
        try {
            for (JsonNode item : ReferenceText.items(decoder, table, content)) {
                Object[] values = decoder.values(item, names.size());
                if (IntStream.of(keyColumns).anyMatch(at -> values[at] == null)) continue;
                List<String> key = IntStream.of(keyColumns).mapToObj(at -> keyText(values[at])).toList();
                found.computeIfAbsent(key, none -> new ArrayList<>()).add(GenericRowData.of(values));
            }
        } catch (RefusedRow cause) {
            throw new RunnerException(
                    "Cannot read reference table '" + table.name() + "': " + cause.getMessage(), cause);
        }
        return found;
    }

    /** Numbers of all types are equal where their values are. */
    private static String keyText(Object value) {
        if (value instanceof Number number) return NumberText.print(number.doubleValue());
        if (value instanceof org.apache.flink.table.data.DecimalData decimal)
            return NumberText.print(decimal.toBigDecimal().doubleValue());
        return value.toString();
    }

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        var keys =
                lookup.keys().stream()
                        .map(key -> InputTypeStrategies.explicit(internal(types.createDataType(key.type()))))
                        .toArray(org.apache.flink.table.types.inference.ArgumentTypeStrategy[]::new);
        DataType row =
                DataTypes.ROW(
                                table.format().columns().stream()
                                        .map(column -> DataTypes.FIELD(column.name(), column.type().toFlink()))
                                        .toList())
                        .bridgedTo(RowData.class);
        return TypeInference.newBuilder()
                .inputTypeStrategy(InputTypeStrategies.sequence(keys))
                .outputTypeStrategy(TypeStrategies.explicit(row))
                .build();
    }

    private static DataType internal(DataType type) {
        return org.apache.flink.table.types.utils.DataTypeUtils.toInternalDataType(type.getLogicalType());
    }
}
