package mesonet.flink.function;

import java.util.Optional;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.AggregateFunction;
import org.apache.flink.table.types.inference.InputTypeStrategies;
import org.apache.flink.table.types.inference.StateTypeStrategy;
import org.apache.flink.table.types.inference.TypeInference;

/** NTH_VALUE over a sliding window: the n-th oldest row's value, NULL where there are fewer rows. */
public final class NthValue extends AggregateFunction<Object, NthValue.Window> {
    private static final long serialVersionUID = 1L;

    /** The window's values by their number since the start; rows leave oldest first. */
    public static final class Window {
        public long oldest = 0;
        public long next = 0;
        public long wanted = 1;
        public MapView<Long, Object> values = new MapView<>();
    }

    @Override
    public Window createAccumulator() {
        return new Window();
    }

    public void accumulate(Window window, Object value, Long n) throws Exception {
        if (n != null) window.wanted = n;
        window.values.put(window.next++, value);
    }

    public void retract(Window window, Object value, Long n) throws Exception {
        window.values.remove(window.oldest++);
    }

    @Override
    public Object getValue(Window window) {
        long at = window.oldest + window.wanted - 1;
        if (window.wanted < 1 || at >= window.next) return null;
        try {
            return window.values.get(at);
        } catch (Exception cause) {
            throw new IllegalStateException("Cannot read the state of NTH_VALUE", cause);
        }
    }

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        return TypeInference.newBuilder()
                .inputTypeStrategy(
                        InputTypeStrategies.sequence(
                                InputTypeStrategies.ANY, InputTypeStrategies.explicit(DataTypes.BIGINT())))
                .accumulatorTypeStrategy(
                        StateTypeStrategy.of(
                                call ->
                                        Optional.of(
                                                DataTypes.STRUCTURED(
                                                        Window.class,
                                                        DataTypes.FIELD("oldest", DataTypes.BIGINT().notNull().bridgedTo(long.class)),
                                                        DataTypes.FIELD("next", DataTypes.BIGINT().notNull().bridgedTo(long.class)),
                                                        DataTypes.FIELD("wanted", DataTypes.BIGINT().notNull().bridgedTo(long.class)),
                                                        DataTypes.FIELD(
                                                                "values",
                                                                MapView.newMapViewDataType(
                                                                        DataTypes.BIGINT().notNull(),
                                                                        call.getArgumentDataTypes().get(0).nullable()))))))
                .outputTypeStrategy(call -> Optional.of(call.getArgumentDataTypes().get(0).nullable()))
                .build();
    }
}
