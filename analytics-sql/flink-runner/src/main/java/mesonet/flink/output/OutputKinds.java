package mesonet.flink.output;

import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import mesonet.flink.RunnerException;
import org.apache.flink.api.connector.sink2.Sink;

/** The destinations that there are. */
public final class OutputKinds {
    /** Option that names the kind. */
    public static final String KIND = "kind";

    private OutputKinds() {}

    /** @throws RunnerException for a kind that does not exist */
    public static Sink<OutputLine> createSink(Map<String, String> options) {
        ServiceLoader<OutputKind> kinds = ServiceLoader.load(OutputKind.class, OutputKinds.class.getClassLoader());
        for (OutputKind kind : kinds) if (kind.name().equals(options.get(KIND))) return kind.createSink(options);
        String known =
                StreamSupport.stream(kinds.spliterator(), false)
                        .map(OutputKind::name)
                        .sorted()
                        .collect(Collectors.joining(", "));
        throw new RunnerException(
                "Cannot write to a destination of kind '" + options.get(KIND) + "', there are: " + known);
    }
}
