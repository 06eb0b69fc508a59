package mesonet.flink;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import mesonet.flink.function.Functions;
import mesonet.flink.input.RowEmitter;
import mesonet.flink.job.Job;
import mesonet.flink.job.JobReader;
import mesonet.flink.table.JobPlanner;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;

/**
 * Runs a job at parallelism 1 over a file of records, for {@code bench/flink.bench.ts}: {@code WindowsBench IN.json OUT.json}
 * with {@code {"job", "records", "count", "warmUp", "startMillis", "perSecond", "state": "hashmap" | "rocksdb"}}.
 */
public final class WindowsBench {
    private static final ObjectMapper JSON = new ObjectMapper();

    private WindowsBench() {}

    public static void main(String[] arguments) throws Exception {
        JsonNode input = JSON.readTree(Files.readString(Path.of(arguments[0])));
        Configuration configuration = configuration(input.path("state").asText());
        MiniClusterConfiguration one =
                new MiniClusterConfiguration.Builder()
                        .setConfiguration(configuration)
                        .setNumTaskManagers(1)
                        .setNumSlotsPerTaskManager(1)
                        .build();
        try (MiniCluster cluster = new MiniCluster(one)) {
            cluster.start();
            run(input, configuration, cluster);
        }
        RepeatedRecords.Mark warm = RepeatedRecords.warm();
        RepeatedRecords.Mark last = RepeatedRecords.last();
        Files.writeString(
                Path.of(arguments[1]),
                JSON.createObjectNode()
                        .put("cpuMillis", (last.cpuNanos() - warm.cpuNanos()) / 1e6)
                        .put("wallMillis", (last.wallNanos() - warm.wallNanos()) / 1e6)
                        .put("lines", CountOutput.count("rows"))
                        .put("errors", CountOutput.count("errors"))
                        .toString());
        System.exit(0);
    }

    private static Configuration configuration(String state) {
        Configuration configuration = new Configuration();
        configuration.set(RestOptions.BIND_PORT, "0");
        configuration.set(RestOptions.BIND_ADDRESS, "127.0.0.1");
        configuration.set(RestOptions.ADDRESS, "127.0.0.1");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
        configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(512));
        configuration.set(StateBackendOptions.STATE_BACKEND, state);
        return configuration;
    }

    private static void run(JsonNode input, Configuration configuration, MiniCluster cluster) throws Exception {
        Job job = JobReader.read(input.path("job"));
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        environment.setParallelism(1);
        environment.getConfig().enableObjectReuse();
        StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
        Functions.register(tables, job, 0);
        RowEmitter emitter = new RowEmitter(job.source(), job.application());
        var source =
                environment.fromSource(
                        new RecordListSource(records(input), emitter),
                        WatermarkStrategy.<RowData>noWatermarks(),
                        "records",
                        emitter.shape().fullType());
        new JobPlanner(
                        job,
                        tables,
                        stream -> Optional.of(CountOutput.options("rows")),
                        Optional.of(CountOutput.options("errors")))
                .plan(source);
        cluster.executeJobBlocking(environment.getStreamGraph().getJobGraph());
    }

    private static RepeatedRecords records(JsonNode input) {
        return new RepeatedRecords(
                input.path("records").asText(),
                input.path("count").asInt(),
                input.path("warmUp").asInt(),
                input.path("startMillis").asLong(),
                input.path("perSecond").asInt());
    }
}
