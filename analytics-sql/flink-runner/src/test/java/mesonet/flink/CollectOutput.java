package mesonet.flink;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import mesonet.flink.output.OutputKind;
import mesonet.flink.output.OutputLine;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** A destination in this JVM: lines are kept by name. */
public final class CollectOutput implements OutputKind {
    private static final Map<String, List<String>> LINES = new ConcurrentHashMap<>();

    public static Map<String, String> options(String name) {
        return Map.of("kind", "collect", "name", name);
    }

    /** The lines that came, in order; they are forgotten. */
    public static List<String> take(String name) {
        List<String> lines = LINES.remove(name);
        return lines == null ? List.of() : lines;
    }

    @Override
    public String name() {
        return "collect";
    }

    @Override
    public Sink<OutputLine> createSink(Map<String, String> options) {
        return new Collector(options.get("name"));
    }

    private record Collector(String name) implements Sink<OutputLine> {
        @Override
        public SinkWriter<OutputLine> createWriter(WriterInitContext context) {
            List<String> lines = LINES.computeIfAbsent(name, none -> new CopyOnWriteArrayList<>());
            return new SinkWriter<>() {
                @Override
                public void write(OutputLine line, Context at) {
                    lines.add(line.text());
                }

                @Override
                public void flush(boolean endOfInput) {}

                @Override
                public void close() {}
            };
        }
    }
}
