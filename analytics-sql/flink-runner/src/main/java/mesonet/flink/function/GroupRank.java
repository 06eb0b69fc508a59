package mesonet.flink.function;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.types.Row;

/** GROUP_RANK (SQL reference, "Group Rank"): RANK() over the rows of one ROWTIME; NULL is the greatest value. */
public final class GroupRank extends ProcessTableFunction<Row> {
    private static final long serialVersionUID = 1L;

    public void eval(
            Context context,
            Row settings,
            MapView<Long, Row[]> waiting,
            Row input,
            String columnName,
            Boolean isDescending,
            String outputOrder,
            Integer maximum)
            throws Exception {
        settings.setField(0, columnName);
        settings.setField(1, isDescending);
        settings.setField(2, outputOrder);
        settings.setField(3, maximum);
        TimedInput.hold(context, waiting, input);
    }

    public void onTimer(OnTimerContext context, Row settings, MapView<Long, Row[]> waiting) throws Exception {
        Row[] group = TimedInput.release(waiting, context.timeContext(Long.class).time());
        int column = TimedInput.indexes(context, (String) settings.getField(0))[0];
        Comparator<Row> order =
                Comparator.comparing(
                        (Row row) -> comparable(row.getField(column)), Comparator.nullsLast(Comparator.naturalOrder()));
        if ((Boolean) settings.getField(1)) order = order.reversed();
        String outputOrder = (String) settings.getField(2);
        int maximum = (Integer) settings.getField(3);
        List<Row> ranked = ranked(List.of(group), order);
        Comparator<Row> byRank = Comparator.comparing(row -> (Integer) row.getField(row.getArity() - 1));
        if (outputOrder.equals("ascending")) ranked.sort(byRank);
        if (outputOrder.equals("descending")) ranked.sort(byRank.reversed());
        ranked.stream().limit(maximum == 0 ? ranked.size() : maximum).forEach(this::collect);
    }

    /** Rows of equal value share a rank, the next value's rank counts all rows before it. */
    private static List<Row> ranked(List<Row> group, Comparator<Row> order) {
        List<Row> ranked = new ArrayList<>();
        for (Row row : group) {
            int rank = 1;
            for (Row other : group) if (order.compare(other, row) < 0) rank++;
            ranked.add(TimedInput.extend(row, rank));
        }
        return ranked;
    }

    @SuppressWarnings("unchecked")
    private static Comparable<Object> comparable(Object value) {
        return (Comparable<Object>) value;
    }

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        return new TimedSignature(
                        DataTypes.FIELD("column_name", DataTypes.STRING()),
                        DataTypes.FIELD("descending", DataTypes.BOOLEAN()),
                        DataTypes.FIELD("output_order", DataTypes.STRING()),
                        DataTypes.FIELD("maximum", DataTypes.INT()))
                .adds(call -> List.of(DataTypes.FIELD("GROUP_RANK", DataTypes.INT())))
                .build();
    }
}
