package mesonet.flink.function;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import mesonet.flink.input.TimestampText;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.types.inference.StateTypeStrategy;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.types.Row;

/**
 * Tumbling windows that Flink's TUMBLE has not: of months, and with an origin, where TUMBLE of Flink 2.2 loses windows
 * (it writes its buffer back by the width alone, and leaves out the timer of a window that has ended by then). At the
 * close a window's rows come out in order, each with the window's begin; their ROWTIME is that of the close.
 */
public final class Tumble extends ProcessTableFunction<Row> {
    private static final long serialVersionUID = 1L;

    /** The windows' shape; {@code months} is 0 for windows of a fixed width. */
    private record Windows(long widthMillis, long originMillis, int months) {
        static Windows of(Row settings) {
            return new Windows(
                    (Long) settings.getField(0), (Long) settings.getField(1), (Integer) settings.getField(2));
        }

        long open(long time) {
            if (months == 0) return Math.floorDiv(time - originMillis, widthMillis) * widthMillis + originMillis;
            LocalDate day = Instant.ofEpochMilli(time).atZone(ZoneOffset.UTC).toLocalDate();
            int month = Math.floorDiv(day.getYear() * 12 + day.getMonthValue() - 1, months) * months;
            return millisOf(LocalDate.of(Math.floorDiv(month, 12), Math.floorMod(month, 12) + 1, 1));
        }

        long close(long open) {
            if (months == 0) return open + widthMillis;
            return millisOf(Instant.ofEpochMilli(open).atZone(ZoneOffset.UTC).toLocalDate().plusMonths(months));
        }

        private static long millisOf(LocalDate day) {
            return day.toEpochDay() * TimestampText.MILLIS_PER_DAY;
        }
    }

    public void eval(
            Context context,
            Row settings,
            MapView<Long, Row[]> waiting,
            Row input,
            Long widthMillis,
            Long originMillis,
            Integer months)
            throws Exception {
        settings.setField(0, widthMillis);
        settings.setField(1, originMillis);
        settings.setField(2, months);
        TimeContext<Long> time = context.timeContext(Long.class);
        Windows windows = Windows.of(settings);
        long close = windows.close(windows.open(time.time()));
        Long watermark = time.currentWatermark();
        if (watermark != null && watermark >= close - 1) return;
        TimedInput.keep(context, waiting, input);
        time.registerOnTime(close);
    }

    public void onTimer(OnTimerContext context, Row settings, MapView<Long, Row[]> waiting) throws Exception {
        long close = context.timeContext(Long.class).time();
        TreeMap<Long, Row[]> closed = new TreeMap<>();
        for (Long time : waiting.keys()) if (time < close) closed.put(time, waiting.get(time));
        Windows windows = Windows.of(settings);
        for (Long time : closed.keySet()) {
            for (Row row : closed.get(time)) collect(TimedInput.behind(RowTime.of(windows.open(time)), row));
            waiting.remove(time);
        }
    }

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        LinkedHashMap<String, StateTypeStrategy> states = new LinkedHashMap<>();
        states.put(
                "settings",
                StateTypeStrategy.of(
                        call ->
                                Optional.of(
                                        DataTypes.ROW(DataTypes.BIGINT(), DataTypes.BIGINT(), DataTypes.INT()))));
        states.put("waiting", StateTypeStrategy.of(call -> Optional.of(TimedInput.waitingType(call))));
        return TypeInference.newBuilder()
                .staticArguments(
                        TimedInput.argument(false),
                        StaticArgument.scalar("width_millis", DataTypes.BIGINT(), false),
                        StaticArgument.scalar("origin_millis", DataTypes.BIGINT(), false),
                        StaticArgument.scalar("months", DataTypes.INT(), false))
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
