package mesonet.flink.job;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import mesonet.flink.RunnerException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.MissingNode;

/** Reads the job document. Whatever is missing or of another version is refused with its name. */
public final class JobReader {
    private static final int VERSION = 1;

    private JobReader() {}

    /** @throws RunnerException for a document that is not a job of this version */
    public static Job read(String text) {
        try {
            return read(new ObjectMapper().readTree(text));
        } catch (JsonProcessingException cause) {
            throw new RunnerException("Cannot read the job: it is no JSON, " + cause.getOriginalMessage(), cause);
        }
    }

    public static Job read(JsonNode job) {
        int version = job.path("version").asInt(-1);
        if (version != VERSION) {
            throw new RunnerException(
                    "Cannot run a job of version '" + job.path("version") + "', this runner runs version " + VERSION);
        }
        List<Job.Output> outputs = list(job, "outputs", JobReader::output);
        if (outputs.isEmpty()) throw new RunnerException("Cannot run the job: it has no outputs");
        return new Job(
                text(job, "application"),
                settings(job.path("settings")),
                source(required(job, "source")),
                list(job, "functions", JsonNode::asText),
                list(job, "views", view -> new Job.View(text(view, "name"), text(view, "sql"))),
                outputs,
                list(job, "errors", JobReader::errorQuery));
    }

    private static Map<String, String> settings(JsonNode node) {
        Map<String, String> settings = new LinkedHashMap<>();
        node.fields().forEachRemaining(entry -> settings.put(entry.getKey(), entry.getValue().asText()));
        return settings;
    }

    private static Job.Source source(JsonNode source) {
        InputFormat format = format(required(source, "inputSchema"));
        return new Job.Source(
                list(source, "views", JsonNode::asText),
                format,
                source.path("rowtimeType").asText("TIMESTAMP(3)"),
                list(source, "pseudoColumns", JsonNode::asText),
                time(required(source, "time"), format),
                list(source, "reference", JobReader::reference));
    }

    private static InputFormat format(JsonNode plan) {
        return new InputFormat(
                text(plan, "format").equals("CSV"),
                path(plan.path("rowPath")),
                plan.path("rowDelimiter").asText("\n"),
                plan.path("columnDelimiter").asText(","),
                list(plan, "columns", JobReader::column));
    }

    private static InputColumn column(JsonNode column) {
        JsonNode sqlType = column.path("sqlType");
        SqlType type = sqlType.isTextual() ? SqlType.parse(sqlType.asText()) : type(required(column, "type"));
        return new InputColumn(text(column, "name"), type, path(column.path("path")));
    }

    private static SqlType type(JsonNode type) {
        return new SqlType(
                text(type, "name"),
                type.path("length").asInt(-1),
                type.path("precision").asInt(-1),
                type.path("scale").asInt(-1));
    }

    private static List<PathStep> path(JsonNode steps) {
        return list(
                steps,
                step -> {
                    if (step.isTextual()) return new PathStep.Member(step.asText());
                    return step.isNumber() ? new PathStep.Index(step.asInt()) : new PathStep.Every();
                });
    }

    private static TimePlan time(JsonNode time, InputFormat format) {
        boolean isArrival = !text(time, "kind").equals("column");
        List<String> names = format.columns().stream().map(InputColumn::name).toList();
        return new TimePlan(
                isArrival,
                isArrival ? -1 : names.indexOf(text(time, "column")),
                required(time, "outOfOrderMillis").asLong(),
                required(time, "maxAheadMillis").asLong(),
                required(time, "idleMillis").asLong());
    }

    private static ReferenceTable reference(JsonNode table) {
        return new ReferenceTable(
                text(table, "table"),
                format(table),
                list(table, "lookups", JobReader::lookup),
                table.path("content").asText(null),
                table.path("place").asText(null));
    }

    private static ReferenceTable.Lookup lookup(JsonNode lookup) {
        return new ReferenceTable.Lookup(
                text(lookup, "function"),
                list(
                        lookup,
                        "keys",
                        key -> new ReferenceTable.Key(text(key, "column"), text(key, "type"))));
    }

    private static Job.Output output(JsonNode output) {
        return new Job.Output(
                text(output, "stream"),
                list(output, "columns", column -> new Job.OutputColumn(text(column, "name"), text(column, "sqlType"))),
                text(output, "query"),
                list(output, "partitionKey", JsonNode::asText));
    }

    private static Job.ErrorQuery errorQuery(JsonNode error) {
        return new Job.ErrorQuery(
                text(error, "pump"), error.path("message").asText(""), text(error, "query"));
    }

    private static <T> List<T> list(JsonNode node, String name, Function<JsonNode, T> read) {
        return list(node.path(name), read);
    }

    private static <T> List<T> list(JsonNode node, Function<JsonNode, T> read) {
        List<T> found = new ArrayList<>();
        node.forEach(item -> found.add(read.apply(item)));
        return List.copyOf(found);
    }

    private static String text(JsonNode node, String name) {
        return required(node, name).asText();
    }

    private static JsonNode required(JsonNode node, String name) {
        JsonNode found = node.path(name);
        if (found instanceof MissingNode || found.isNull())
            throw new RunnerException("Cannot run the job: it has no '" + name + "'");
        return found;
    }
}
