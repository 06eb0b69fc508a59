package mesonet.flink.output;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSink;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.sink.DataStreamSinkProvider;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;

/** A sink table that only takes rows that stay: a query that would take rows back is refused when the job is planned. */
final class OutputTable implements DynamicTableSink {
    private final Map<String, String> options;
    private final List<LogicalType> types;

    OutputTable(Map<String, String> options, List<LogicalType> types) {
        this.options = options;
        this.types = types;
    }

    @Override
    public ChangelogMode getChangelogMode(ChangelogMode requested) {
        return ChangelogMode.insertOnly();
    }

    @Override
    public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
        return new DataStreamSinkProvider() {
            @Override
            public DataStreamSink<?> consumeDataStream(ProviderContext provider, DataStream<RowData> rows) {
                return rows.map(lines())
                        .returns(TypeInformation.of(OutputLine.class))
                        .sinkTo(OutputKinds.createSink(options));
            }
        };
    }

    private MapFunction<RowData, OutputLine> lines() {
        OutputShape shape = OutputShape.decode(options.get(OutputShape.OPTION));
        if (shape.isRefusal()) return new RowToRefusal(shape.application(), shape.pump(), shape.message());
        List<RowPrinter.OutputColumn> columns = shape.columns();
        List<Integer> keys =
                IntStream.range(0, columns.size())
                        .filter(at -> shape.partitionKey().contains(columns.get(at).name()))
                        .boxed()
                        .toList();
        return new RowToLine(new RowPrinter(columns, types), keys, types);
    }

    @Override
    public DynamicTableSink copy() {
        return new OutputTable(options, types);
    }

    @Override
    public String asSummaryString() {
        return "output of kind " + options.get(OutputKinds.KIND);
    }
}
