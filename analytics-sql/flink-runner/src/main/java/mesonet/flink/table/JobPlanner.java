package mesonet.flink.table;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import mesonet.flink.RunnerException;
import mesonet.flink.input.SourceRow;
import mesonet.flink.input.SplitRows;
import mesonet.flink.job.Job;
import mesonet.flink.output.OutputKinds;
import mesonet.flink.output.OutputLine;
import mesonet.flink.output.OutputShape;
import mesonet.flink.output.OutputTableFactory;
import mesonet.flink.output.RowPrinter;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.TableDescriptor;
import org.apache.flink.table.api.TableException;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.bridge.java.StreamStatementSet;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.data.RowData;

/**
 * Makes one dataflow of a job: source views, functions, views of the application, and a statement set of all its
 * outputs, which is planned as a whole.
 */
public final class JobPlanner {
    private static final TypeInformation<OutputLine> LINES = TypeInformation.of(OutputLine.class);

    private final Job job;
    private final StreamTableEnvironment tables;
    private final Function<String, Optional<Map<String, String>>> destinations;
    private final Optional<Map<String, String>> errors;

    /**
     * @param destinations options of each output's destination; an output without one is left out
     * @param errors options of the error stream's destination; without one refusals are only counted
     */
    public JobPlanner(
            Job job,
            StreamTableEnvironment tables,
            Function<String, Optional<Map<String, String>>> destinations,
            Optional<Map<String, String>> errors) {
        this.job = job;
        this.tables = tables;
        this.destinations = destinations;
        this.errors = errors;
    }

    /**
     * Adds the job to the stream environment behind the tables.
     *
     * @throws RunnerException for a statement that Flink refuses, or when no output has a destination
     */
    public void plan(DataStream<RowData> source) {
        job.settings().forEach((name, value) -> tables.getConfig().set(name, value));
        createSourceViews(source);
        for (Job.View view : job.views()) attempt("create view '" + view.name() + "'", () -> createView(view));
        StreamStatementSet statements = tables.createStatementSet();
        int count = 0;
        for (Job.Output output : job.outputs()) {
            Optional<Map<String, String>> options = destinations.apply(output.stream());
            if (options.isEmpty()) continue;
            count++;
            attempt("plan output '" + output.stream() + "'", () -> insert(statements, output, options.get()));
        }
        if (count == 0) throw new RunnerException("Cannot run '" + job.application() + "': no output has a destination");
        errors.ifPresent(options -> insertErrors(statements, options));
        attempt("plan '" + job.application() + "'", statements::attachAsDataStream);
    }

    private void createSourceViews(DataStream<RowData> source) {
        SourceRow shape = new SourceRow(job.source());
        SplitRows split = new SplitRows(shape);
        SingleOutputStreamOperator<RowData> rows =
                source.process(split).returns(shape.visibleType()).name("rows of the source");
        Schema.Builder schema = Schema.newBuilder();
        for (DataTypes.Field field : shape.fields()) schema.column(field.getName(), field.getDataType());
        schema.columnByMetadata("ROWTIME", DataTypes.of(job.source().rowtimeType()), "rowtime");
        schema.watermark("ROWTIME", "SOURCE_WATERMARK()");
        List<String> views = job.source().views();
        for (int at = 0; at < views.size(); at++) {
            DataStream<RowData> view = at == 0 ? rows : rows.getSideOutput(split.view(at));
            tables.createTemporaryView("`" + views.get(at).replace("`", "``") + "`", view, schema.build());
        }
        errors.ifPresent(
                options ->
                        rows.getSideOutput(SplitRows.REFUSED)
                                .map(line -> new OutputLine("-", line))
                                .returns(LINES)
                                .sinkTo(OutputKinds.createSink(options))
                                .name("refused records"));
    }

    /** From the query: Flink's CREATE VIEW prints the statement anew, and cannot print arrays of rows nor PARTITION BY. */
    private void createView(Job.View view) {
        String name = "`" + view.name().replace("`", "``") + "`";
        String head = "CREATE TEMPORARY VIEW " + name + " AS";
        if (!view.sql().startsWith(head)) throw new ValidationException("its statement does not begin with " + head);
        tables.createTemporaryView(name, tables.sqlQuery(view.sql().substring(head.length())));
    }

    private void insert(StreamStatementSet statements, Job.Output output, Map<String, String> options) {
        Table rows = tables.sqlQuery(output.query());
        List<RowPrinter.OutputColumn> columns = new ArrayList<>();
        for (Job.OutputColumn column : output.columns())
            columns.add(new RowPrinter.OutputColumn(column.name(), column.sqlType()));
        int found = rows.getResolvedSchema().getColumnCount();
        if (found != columns.size())
            throw new ValidationException("its query has " + found + " columns, the stream " + columns.size());
        List<String> keys = partitionKey(output, options);
        statements.add(rows.insertInto(sinkOf(rows, OutputShape.rows(columns, keys), options)));
    }

    /** The columns that the destination's option names, or the job. @throws ValidationException for one that there is not */
    private static List<String> partitionKey(Job.Output output, Map<String, String> options) {
        String named = options.get(OutputShape.PARTITION_KEY);
        List<String> keys = named == null ? output.partitionKey() : List.of(named.split("\\s*,\\s*"));
        for (String key : keys)
            if (output.columns().stream().noneMatch(column -> column.name().equals(key)))
                throw new ValidationException("its partition key '" + key + "' is none of its columns");
        return keys;
    }

    private void insertErrors(StreamStatementSet statements, Map<String, String> options) {
        for (Job.ErrorQuery error : job.errors()) {
            OutputShape shape = OutputShape.refusals(job.application(), error.pump(), error.message());
            attempt(
                    "plan the errors of pump '" + error.pump() + "'",
                    () -> {
                        Table rows = tables.sqlQuery(error.query());
                        statements.add(rows.insertInto(sinkOf(rows, shape, options)));
                    });
        }
    }

    /** A sink table takes the query's own types, so that nothing is converted on the way out. */
    private static TableDescriptor sinkOf(Table rows, OutputShape shape, Map<String, String> options) {
        Schema.Builder schema = Schema.newBuilder();
        int at = 0;
        for (Column column : rows.getResolvedSchema().getColumns()) schema.column("c" + at++, column.getDataType());
        TableDescriptor.Builder descriptor = TableDescriptor.forConnector(OutputTableFactory.IDENTIFIER);
        options.forEach(descriptor::option);
        return descriptor.schema(schema.build()).option(OutputShape.OPTION, shape.encode()).build();
    }

    private static void attempt(String what, Runnable step) {
        try {
            step.run();
        } catch (ValidationException | TableException cause) {
            throw new RunnerException("Cannot " + what + ": " + rootMessage(cause), cause);
        }
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) root = root.getCause();
        return root.getMessage() == null ? failure.getMessage() : root.getMessage();
    }
}
