package mesonet.flink;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import mesonet.flink.function.Functions;
import mesonet.flink.input.InputRecord;
import mesonet.flink.input.RowEmitter;
import mesonet.flink.job.Job;
import mesonet.flink.job.JobReader;
import mesonet.flink.table.JobPlanner;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;

/**
 * Runs jobs on given records in one local Flink cluster: {@code CaseRunner IN.json OUT.json}. What goes in and comes out is
 * described in the README beside the project.
 */
public final class CaseRunner {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int AT_ONCE = 2;

    private CaseRunner() {}

    public static void main(String[] arguments) throws Exception {
        JsonNode input = JSON.readTree(Files.readString(Path.of(arguments[0])));
        ArrayNode results = JSON.createArrayNode();
        try (MiniCluster cluster = new MiniCluster(cluster())) {
            cluster.start();
            ExecutorService runners = Executors.newFixedThreadPool(AT_ONCE);
            List<Future<ObjectNode>> running = new ArrayList<>();
            for (JsonNode each : input.path("jobs")) running.add(runners.submit(() -> run(each, cluster)));
            for (Future<ObjectNode> each : running) results.add(each.get());
            runners.shutdown();
        }
        Files.writeString(Path.of(arguments[1]), JSON.createObjectNode().set("results", results).toString());
        System.exit(0);
    }

    private static MiniClusterConfiguration cluster() {
        Configuration configuration = configuration();
        return new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(AT_ONCE)
                .build();
    }

    private static Configuration configuration() {
        Configuration configuration = new Configuration();
        configuration.set(RestOptions.BIND_PORT, "0");
        configuration.set(RestOptions.BIND_ADDRESS, "127.0.0.1");
        configuration.set(RestOptions.ADDRESS, "127.0.0.1");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
        configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(128));
        return configuration;
    }

    private static ObjectNode run(JsonNode each, MiniCluster cluster) {
        String id = each.path("id").asText();
        ObjectNode result = JSON.createObjectNode().put("id", id);
        long started = System.nanoTime();
        try {
            Job job = JobReader.read(each.path("job"));
            execute(id, job, each, cluster);
            ObjectNode outputs = result.putObject("outputs");
            for (Job.Output output : job.outputs())
                CollectOutput.take(id + "/" + output.stream())
                        .forEach(outputs.putArray(output.stream())::add);
            CollectOutput.take(id + "//errors").forEach(result.putArray("errors")::add);
            result.putNull("failure");
        } catch (Exception failure) {
            result.put("failure", describe(failure));
        }
        return result.put("millis", (System.nanoTime() - started) / 1_000_000);
    }

    private static void execute(String id, Job job, JsonNode each, MiniCluster cluster) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration());
        environment.setParallelism(1);
        environment.getConfig().enableObjectReuse();
        StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
        Functions.register(tables, job, each.path("startMillis").asLong(0));
        RowEmitter emitter = new RowEmitter(job.source(), job.application());
        var source =
                environment.fromSource(
                        new RecordListSource(records(each), emitter),
                        WatermarkStrategy.<RowData>noWatermarks(),
                        "records",
                        emitter.shape().fullType());
        new JobPlanner(
                        job,
                        tables,
                        stream -> Optional.of(CollectOutput.options(id + "/" + stream)),
                        Optional.of(CollectOutput.options(id + "//errors")))
                .plan(source);
        cluster.executeJobBlocking(environment.getStreamGraph().getJobGraph());
    }

    private static List<InputRecord> records(JsonNode each) {
        List<InputRecord> records = new ArrayList<>();
        for (JsonNode record : each.path("records"))
            records.add(
                    new InputRecord(
                            Base64.getDecoder().decode(record.path("data").asText()),
                            record.path("arrivalMillis").asLong(),
                            record.path("shardId").asText(""),
                            record.path("sequenceNumber").asText(null),
                            record.path("partitionKey").asText(null)));
        return records;
    }

    private static String describe(Throwable failure) {
        StringBuilder text = new StringBuilder();
        String last = "";
        for (Throwable at = failure; at != null; at = at.getCause()) {
            String line = at.getClass().getSimpleName() + ": " + at.getMessage();
            if (!line.equals(last)) text.append(line).append('\n');
            last = line;
            if (at.getCause() == null)
                for (StackTraceElement frame : at.getStackTrace()) text.append("  ").append(frame).append('\n');
        }
        return text.toString();
    }
}
