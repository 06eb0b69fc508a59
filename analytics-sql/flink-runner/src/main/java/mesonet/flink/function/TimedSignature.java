package mesonet.flink.function;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.inference.CallContext;
import org.apache.flink.table.types.inference.StateTypeStrategy;
import org.apache.flink.table.types.inference.StaticArgument;
import org.apache.flink.table.types.inference.TypeInference;

/**
 * The signature of a function that takes a table's rows in order and gives each back with columns behind it. Its settings
 * are kept as state, for timers come without arguments.
 */
final class TimedSignature {
    private final List<DataTypes.Field> settings;
    private final Map<String, DataType> states = new LinkedHashMap<>();
    private Function<CallContext, List<DataTypes.Field>> added = call -> List.of();

    TimedSignature(DataTypes.Field... settings) {
        this.settings = List.of(settings);
    }

    TimedSignature state(String name, DataType type) {
        states.put(name, type);
        return this;
    }

    TimedSignature adds(Function<CallContext, List<DataTypes.Field>> columns) {
        added = columns;
        return this;
    }

    TypeInference build() {
        LinkedHashMap<String, StateTypeStrategy> all = new LinkedHashMap<>();
        all.put("settings", StateTypeStrategy.of(call -> Optional.of(DataTypes.ROW(settings))));
        all.put("waiting", StateTypeStrategy.of(call -> Optional.of(TimedInput.waitingType(call))));
        states.forEach((name, type) -> all.put(name, StateTypeStrategy.of(call -> Optional.of(type))));
        return TypeInference.newBuilder()
                .staticArguments(
                        Stream.concat(
                                        Stream.of(TimedInput.argument(false)),
                                        settings.stream()
                                                .map(each -> StaticArgument.scalar(each.getName(), each.getDataType(), false)))
                                .toList())
                .stateTypeStrategies(all)
                .outputTypeStrategy(
                        call -> {
                            List<DataTypes.Field> fields = new ArrayList<>(TimedInput.columns(call));
                            fields.addAll(added.apply(call));
                            return Optional.of(DataTypes.ROW(fields));
                        })
                .build();
    }
}
