package mesonet.flink.function;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.functions.TableSemantics;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.inference.CallContext;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.table.types.inference.StaticArgumentTrait;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;
import org.apache.flink.types.Row;

/**
 * The table argument of process table functions: its rows wait until time has passed them, so that they are taken in
 * order of ROWTIME and, among equal times, of arrival.
 */
final class TimedInput {
    static final String NAME = "input";

    private TimedInput() {}

    static StaticArgument argument(boolean isPartitioned) {
        EnumSet<StaticArgumentTrait> traits =
                EnumSet.of(
                        StaticArgumentTrait.TABLE,
                        StaticArgumentTrait.SET_SEMANTIC_TABLE,
                        StaticArgumentTrait.REQUIRE_ON_TIME);
        if (!isPartitioned) traits.add(StaticArgumentTrait.OPTIONAL_PARTITION_BY);
        return StaticArgument.table(NAME, Row.class, false, traits);
    }

    /** The columns that are neither key nor time. */
    static List<DataTypes.Field> columns(CallContext call) {
        TableSemantics table = call.getTableSemantics(0).orElseThrow();
        List<DataTypes.Field> all = DataType.getFields(table.dataType());
        List<DataTypes.Field> kept = new ArrayList<>();
        for (int at : positions(table)) kept.add(DataTypes.FIELD(all.get(at).getName(), all.get(at).getDataType()));
        return kept;
    }

    static DataType rowType(CallContext call) {
        return DataTypes.ROW(columns(call));
    }

    /** Rows by the time that they wait for. */
    static DataType waitingType(CallContext call) {
        return MapView.newMapViewDataType(DataTypes.BIGINT().notNull(), DataTypes.ARRAY(rowType(call)));
    }

    /** Keeps a row until its time; one whose time has passed already is late, and left out. */
    static void hold(ProcessTableFunction.Context context, MapView<Long, Row[]> waiting, Row row) throws Exception {
        ProcessTableFunction.TimeContext<Long> time = context.timeContext(Long.class);
        long at = time.time();
        Long watermark = time.currentWatermark();
        if (watermark != null && at <= watermark) return;
        keep(context, waiting, row);
        time.registerOnTime(at);
    }

    /** Keeps a row under its time, behind those of the same time. */
    static void keep(ProcessTableFunction.Context context, MapView<Long, Row[]> waiting, Row row) throws Exception {
        long at = context.timeContext(Long.class).time();
        Row[] before = waiting.get(at);
        Row[] rows = before == null ? new Row[1] : Arrays.copyOf(before, before.length + 1);
        rows[rows.length - 1] = Row.project(row, positions(context.tableSemanticsFor(NAME)));
        waiting.put(at, rows);
    }

    /** The rows of a time that has come. */
    static Row[] release(MapView<Long, Row[]> waiting, long at) throws Exception {
        Row[] rows = waiting.get(at);
        if (rows == null) return new Row[0];
        waiting.remove(at);
        return rows;
    }

    /** Where columns stand in the rows that were held. */
    static int[] indexes(ProcessTableFunction.Context context, String... names) {
        TableSemantics table = context.tableSemanticsFor(NAME);
        List<String> all = DataType.getFieldNames(table.dataType());
        List<String> held = Arrays.stream(positions(table)).mapToObj(all::get).toList();
        return Arrays.stream(names).mapToInt(held::indexOf).toArray();
    }

    /** The values of a row with others behind them. */
    static Row extend(Row row, Object... more) {
        Row extended = new Row(row.getArity() + more.length);
        for (int at = 0; at < row.getArity(); at++) extended.setField(at, row.getField(at));
        for (int at = 0; at < more.length; at++) extended.setField(row.getArity() + at, more[at]);
        return extended;
    }

    /** A row's values behind another value. */
    static Row behind(Object first, Row row) {
        Row whole = new Row(row.getArity() + 1);
        whole.setField(0, first);
        for (int at = 0; at < row.getArity(); at++) whole.setField(at + 1, row.getField(at));
        return whole;
    }

    private static int[] positions(TableSemantics table) {
        List<DataType> types = DataType.getFieldDataTypes(table.dataType());
        List<Integer> positions = new ArrayList<>();
        for (int at = 0; at < types.size(); at++) {
            int column = at;
            boolean isKey = Arrays.stream(table.partitionByColumns()).anyMatch(key -> key == column);
            if (!isKey && !isTime(table, types.get(at), at)) positions.add(at);
        }
        return positions.stream().mapToInt(Integer::intValue).toArray();
    }

    /** While a statement is checked the type alone tells, when it runs the position does. */
    private static boolean isTime(TableSemantics table, DataType type, int at) {
        return at == table.timeColumn() || LogicalTypeChecks.isRowtimeAttribute(type.getLogicalType());
    }
}
