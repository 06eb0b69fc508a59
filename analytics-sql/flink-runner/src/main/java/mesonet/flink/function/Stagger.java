package mesonet.flink.function;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.ListView;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.types.inference.StateTypeStrategy;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.types.Row;

/**
 * WINDOWED BY STAGGER (developer guide, "Stagger Windows"): each key's first row opens its window, which closes a fixed
 * time later. At the close its rows come out, each with the time it was opened; their ROWTIME is that of the close.
 */
public final class Stagger extends ProcessTableFunction<Row> {
    private static final long serialVersionUID = 1L;

    /** The open window of a key; times in milliseconds since the epoch. */
    public static final class Window {
        public boolean isOpen = false;
        public long openMillis = 0;
        public long rangeMillis = 0;
    }

    public void eval(
            Context context, Window window, MapView<Long, Row[]> waiting, ListView<Row> rows, Row input, Long rangeMillis)
            throws Exception {
        window.rangeMillis = rangeMillis;
        TimedInput.hold(context, waiting, input);
        // Any row may open a window. When it does, the watermark may be past the close, where no timer can be set any more
        TimeContext<Long> time = context.timeContext(Long.class);
        time.registerOnTime(time.time() + rangeMillis);
    }

    public void onTimer(
            OnTimerContext context, Window window, MapView<Long, Row[]> waiting, ListView<Row> rows) throws Exception {
        long now = context.timeContext(Long.class).time();
        if (window.isOpen && window.openMillis + window.rangeMillis <= now) close(window, rows);
        Row[] arrived = TimedInput.release(waiting, now);
        if (arrived.length == 0) return;
        if (!window.isOpen) window.openMillis = now;
        window.isOpen = true;
        rows.addAll(Arrays.asList(arrived));
    }

    private void close(Window window, ListView<Row> rows) throws Exception {
        for (Row row : rows.get()) collect(TimedInput.behind(RowTime.of(window.openMillis), row));
        rows.clear();
        window.isOpen = false;
    }

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        LinkedHashMap<String, StateTypeStrategy> states = new LinkedHashMap<>();
        states.put(
                "window",
                StateTypeStrategy.of(
                        call ->
                                Optional.of(
                                        DataTypes.STRUCTURED(
                                                Window.class,
                                                DataTypes.FIELD("isOpen", DataTypes.BOOLEAN().notNull().bridgedTo(boolean.class)),
                                                DataTypes.FIELD("openMillis", DataTypes.BIGINT().notNull().bridgedTo(long.class)),
                                                DataTypes.FIELD("rangeMillis", DataTypes.BIGINT().notNull().bridgedTo(long.class))))));
        states.put("waiting", StateTypeStrategy.of(call -> Optional.of(TimedInput.waitingType(call))));
        states.put(
                "rows", StateTypeStrategy.of(call -> Optional.of(ListView.newListViewDataType(TimedInput.rowType(call)))));
        return TypeInference.newBuilder()
                .staticArguments(
                        TimedInput.argument(true), StaticArgument.scalar("range_millis", DataTypes.BIGINT(), false))
                .stateTypeStrategies(states)
                .outputTypeStrategy(
                        call -> {
                            List<DataTypes.Field> fields = new ArrayList<>();
                            fields.add(DataTypes.FIELD("WINDOW_OPEN", DataTypes.TIMESTAMP(3)));
                            fields.addAll(TimedInput.columns(call));
                            return Optional.of(DataTypes.ROW(fields));
                        })
                .build();
    }
}
