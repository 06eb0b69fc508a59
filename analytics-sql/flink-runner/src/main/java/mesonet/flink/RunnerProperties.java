package mesonet.flink;

import com.amazonaws.services.kinesisanalytics.runtime.KinesisAnalyticsRuntime;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import mesonet.flink.output.OutputShape;

/**
 * Where a job reads and writes. On Managed Service for Apache Flink these are the property groups {@code source},
 * {@code outputs}, {@code errors} and {@code runner}; elsewhere a properties file whose names begin with the group's.
 */
public final class RunnerProperties {
    private static final String KINESIS = ".kinesis.arn";
    private static final String FIREHOSE = ".firehose.name";

    private final Map<String, String> values;

    RunnerProperties(Map<String, String> values) {
        this.values = values;
    }

    /** @throws RunnerException when there are none */
    static RunnerProperties ofManagedFlink() {
        Map<String, String> values = new HashMap<>();
        try {
            KinesisAnalyticsRuntime.getApplicationProperties()
                    .forEach((group, properties) -> addGroup(group + ".", properties, values));
        } catch (IOException cause) {
            throw new RunnerException("Cannot read the application's property groups", cause);
        }
        return new RunnerProperties(values);
    }

    /** @throws RunnerException for a file that cannot be read */
    static RunnerProperties ofFile(Path file) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (IOException cause) {
            throw new RunnerException("Cannot read the properties '" + file + "'", cause);
        }
        Map<String, String> values = new HashMap<>();
        addGroup("", properties, values);
        return new RunnerProperties(values);
    }

    private static void addGroup(String prefix, Properties properties, Map<String, String> values) {
        properties.forEach((name, value) -> values.put(prefix + name, value.toString().strip()));
    }

    /** @throws RunnerException when it is not there */
    String required(String name) {
        return get(name).orElseThrow(() -> new RunnerException("Cannot start: property '" + name + "' is not set"));
    }

    Optional<String> get(String name) {
        return Optional.ofNullable(values.get(name)).filter(value -> !value.isEmpty());
    }

    long number(String name, long usual) {
        String value = get(name).orElse(Long.toString(usual));
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException cause) {
            throw new RunnerException("Cannot start: property '" + name + "' is '" + value + "', it must be a number", cause);
        }
    }

    /** The properties below a name, by what follows it. */
    Map<String, String> below(String prefix) {
        Map<String, String> found = new HashMap<>();
        values.forEach(
                (name, value) -> {
                    if (name.startsWith(prefix) && !value.isEmpty()) found.put(name.substring(prefix.length()), value);
                });
        return found;
    }

    /** Where an output's rows go: {@code outputs.NAME.kinesis.arn} or {@code outputs.NAME.firehose.name}. */
    Optional<Map<String, String>> destination(String prefix) {
        Map<String, String> options = new HashMap<>();
        get(prefix + KINESIS)
                .ifPresent(
                        arn -> {
                            options.put("kind", "kinesis");
                            options.put("arn", arn);
                        });
        get(prefix + FIREHOSE)
                .ifPresent(
                        name -> {
                            if (options.containsKey("arn"))
                                throw new RunnerException(
                                        "Cannot start: '" + prefix + "' names a stream and a delivery stream, it must be one");
                            options.put("kind", "firehose");
                            options.put("name", name);
                        });
        if (options.isEmpty()) return Optional.empty();
        get(prefix + "." + OutputShape.PARTITION_KEY).ifPresent(keys -> options.put(OutputShape.PARTITION_KEY, keys));
        options.putAll(connection(prefix));
        return Optional.of(options);
    }

    /** Region and endpoint, of the prefix or else of the runner. */
    Map<String, String> connection(String prefix) {
        Map<String, String> options = new HashMap<>();
        for (String name : new String[] {"region", "endpoint"})
            get(prefix + "." + name).or(() -> get("runner." + name)).ifPresent(value -> options.put(name, value));
        return options;
    }
}
