package mesonet.flink.output;

import java.util.Map;
import org.apache.flink.api.connector.sink2.Sink;

/** A kind of destination, found through {@link java.util.ServiceLoader} by its name. */
public interface OutputKind {
    String name();

    /** @param options where to write, and how to get there */
    Sink<OutputLine> createSink(Map<String, String> options);
}
