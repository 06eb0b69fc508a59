package mesonet.flink;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import mesonet.flink.function.Functions;
import mesonet.flink.input.RowEmitter;
import mesonet.flink.job.Job;
import mesonet.flink.job.JobReader;
import mesonet.flink.kinesis.KinesisSource;
import mesonet.flink.kinesis.StartPosition;
import mesonet.flink.table.JobPlanner;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.RowData;

/**
 * Runs a job. On Managed Service for Apache Flink without arguments: the job lies in the jar as {@code flink-job.json}, its
 * properties are the application's. Elsewhere with the name of a properties file; {@code runner.job} may name another job.
 */
public final class Runner {
    private static final String RESOURCE = "flink-job.json";
    private static final String OUTPUTS = "outputs.";

    private Runner() {}

    public static void main(String[] arguments) throws Exception {
        boolean isLocal = arguments.length > 0;
        RunnerProperties properties =
                isLocal ? RunnerProperties.ofFile(Path.of(arguments[0])) : RunnerProperties.ofManagedFlink();
        Job job = JobReader.read(jobText(properties));
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.getExecutionEnvironment(
                        Configuration.fromMap(properties.below("runner.flink.")));
        plan(job, properties, environment);
        environment.execute(job.application());
    }

    /** Adds the job to the environment. @throws RunnerException for a job that cannot start */
    static void plan(Job job, RunnerProperties properties, StreamExecutionEnvironment environment) {
        environment.getConfig().enableObjectReuse();
        refuseStrayOutputs(job, properties);
        StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
        Functions.register(tables, job, properties.number("runner.start.millis", System.currentTimeMillis()));
        new JobPlanner(
                        job,
                        tables,
                        stream -> properties.destination(OUTPUTS + stream),
                        properties.destination("errors"))
                .plan(source(job, properties, environment));
    }

    private static DataStream<RowData> source(
            Job job, RunnerProperties properties, StreamExecutionEnvironment environment) {
        String arn = properties.required("source.kinesis.arn");
        Map<String, String> options = properties.below("source.");
        options.putAll(properties.connection("source"));
        RowEmitter rows = new RowEmitter(job.source(), arn);
        StartPosition position = StartPosition.of(options, System.currentTimeMillis());
        return environment
                .fromSource(
                        new KinesisSource(arn, options, position, rows),
                        WatermarkStrategy.noWatermarks(),
                        "source " + arn.substring(arn.lastIndexOf('/') + 1),
                        rows.shape().fullType())
                .uid("source");
    }

    /** A destination for a stream that the job has not is a mistake, never ignored. */
    private static void refuseStrayOutputs(Job job, RunnerProperties properties) {
        Set<String> streams = job.outputs().stream().map(Job.Output::stream).collect(Collectors.toCollection(TreeSet::new));
        for (String name : properties.below(OUTPUTS).keySet()) {
            Optional<String> stream = streams.stream().filter(each -> name.startsWith(each + ".")).findFirst();
            if (stream.isEmpty())
                throw new RunnerException(
                        "Cannot write '" + OUTPUTS + name + "': '" + job.application() + "' has the outputs "
                                + String.join(", ", streams));
        }
    }

    private static String jobText(RunnerProperties properties) {
        Optional<String> file = properties.get("runner.job");
        try (InputStream resource = Runner.class.getClassLoader().getResourceAsStream(file.orElse(RESOURCE))) {
            if (resource != null) return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
            if (file.isPresent()) return Files.readString(Path.of(file.get()));
        } catch (IOException cause) {
            throw new RunnerException("Cannot read the job '" + file.orElse(RESOURCE) + "'", cause);
        }
        throw new RunnerException("Cannot start: the jar has no '" + RESOURCE + "', package it with the application");
    }
}
