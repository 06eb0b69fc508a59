package mesonet.flink.function;

import java.time.LocalDateTime;
import java.util.Optional;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.AggregateFunction;
import org.apache.flink.table.types.inference.InputTypeStrategies;
import org.apache.flink.table.types.inference.StateTypeStrategy;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.types.Row;

/**
 * FIRST_VALUE and LAST_VALUE by ROWTIME, and by arrival among equal times; NULL counts as a value. Over a sliding window,
 * whose last row is the current one, only LAST_VALUE is meant: what leaves the window changes nothing.
 */
public abstract class HeldValue extends AggregateFunction<Object, Row> {
    private static final long serialVersionUID = 1L;

    /** Does a row of this time take the place of the held one? */
    abstract boolean replaces(long held, long time);

    /** The value of the earliest row. */
    public static final class First extends HeldValue {
        @Override
        boolean replaces(long held, long time) {
            return time < held;
        }
    }

    /** The value of the latest row. */
    public static final class Last extends HeldValue {
        @Override
        boolean replaces(long held, long time) {
            return time >= held;
        }
    }

    @Override
    public Row createAccumulator() {
        return Row.of(null, null);
    }

    public void accumulate(Row held, Object value, LocalDateTime rowtime) {
        if (rowtime == null) return;
        long time = RowTime.millisOf(rowtime);
        Long before = (Long) held.getField(1);
        if (before != null && !replaces(before, time)) return;
        held.setField(0, value);
        held.setField(1, time);
    }

    public void retract(Row held, Object value, LocalDateTime rowtime) {}

    @Override
    public Object getValue(Row held) {
        return held.getField(0);
    }

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        return TypeInference.newBuilder()
                .inputTypeStrategy(
                        InputTypeStrategies.sequence(
                                InputTypeStrategies.ANY, InputTypeStrategies.explicit(DataTypes.TIMESTAMP(3))))
                .accumulatorTypeStrategy(
                        StateTypeStrategy.of(
                                call ->
                                        Optional.of(
                                                DataTypes.ROW(
                                                        DataTypes.FIELD(
                                                                "value", call.getArgumentDataTypes().get(0).nullable()),
                                                        DataTypes.FIELD("time", DataTypes.BIGINT())))))
                .outputTypeStrategy(call -> Optional.of(call.getArgumentDataTypes().get(0).nullable()))
                .build();
    }
}
