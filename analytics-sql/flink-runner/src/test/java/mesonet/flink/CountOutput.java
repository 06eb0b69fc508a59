package mesonet.flink;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import mesonet.flink.output.OutputKind;
import mesonet.flink.output.OutputLine;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** A destination in this JVM that counts its lines by name and lets them go. */
public final class CountOutput implements OutputKind {
    private static final Map<String, LongAdder> COUNTS = new ConcurrentHashMap<>();

    static Map<String, String> options(String name) {
        return Map.of("kind", "count", "name", name);
    }

    static long count(String name) {
        return of(name).sum();
    }

    private static LongAdder of(String name) {
        return COUNTS.computeIfAbsent(name, none -> new LongAdder());
    }

    @Override
    public String name() {
        return "count";
    }

    @Override
    public Sink<OutputLine> createSink(Map<String, String> options) {
        return new Counter(options.get("name"));
    }

    private record Counter(String name) implements Sink<OutputLine> {
        @Override
        public SinkWriter<OutputLine> createWriter(WriterInitContext context) {
            LongAdder count = of(name);
            return new SinkWriter<>() {
                @Override
                public void write(OutputLine line, Context at) {
                    if (!line.text().isEmpty()) count.increment();
                }

                @Override
                public void flush(boolean endOfInput) {}

                @Override
                public void close() {}
            };
        }
    }
}
