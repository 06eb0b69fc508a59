package mesonet.flink.job;

import java.util.List;
import java.util.Map;

/** What the compiler wrote for Flink: everything that runs, without where it reads and writes. */
public record Job(
        String application,
        Map<String, String> settings,
        Source source,
        List<String> functions,
        List<View> views,
        List<Output> outputs,
        List<ErrorQuery> errors) {
    /** The application's input: one or more in-application streams of one source stream. */
    public record Source(
            List<String> views,
            InputFormat format,
            String rowtimeType,
            List<String> pseudoColumns,
            TimePlan time,
            List<ReferenceTable> references) {}

    public record View(String name, String sql) {}

    /** Rows that leave the application; {@code partitionKey} may be empty. */
    public record Output(String stream, List<OutputColumn> columns, String query, List<String> partitionKey) {}

    /** A column of an output; {@code sqlType} is its type in the dialect, for example {@code TIME}. */
    public record OutputColumn(String name, String sqlType) {}

    /** Rows that a pump refuses: a query of three columns, ERROR_NAME, ERROR_TIME and DATA_ROW (JSON text). */
    public record ErrorQuery(String pump, String message, String query) {}
}
