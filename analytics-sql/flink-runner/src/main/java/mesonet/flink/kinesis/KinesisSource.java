package mesonet.flink.kinesis;

import java.util.LinkedHashSet;
import java.util.Map;
import mesonet.flink.input.RowEmitter;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;

/**
 * The rows of a Kinesis stream, with ROWTIME, the pseudo-columns and a watermark for each shard. It polls (GetRecords);
 * place and time of every shard are in the checkpoint.
 */
public final class KinesisSource implements Source<RowData, ShardSplit, EnumeratorState> {
    private static final long serialVersionUID = 1L;
    private static final String DISCOVERY = "shard.discovery.millis";
    private static final String LIMIT = "get.records.limit";
    private static final String TIP_MARGIN = "tip.margin.millis";

    private final String streamArn;
    private final Map<String, String> options;
    private final StartPosition position;
    private final RowEmitter rows;

    /**
     * @param options region, endpoint, shard.discovery.millis (10,000), get.records.limit (10,000, the most),
     *     tip.margin.millis (2,000)
     */
    public KinesisSource(String streamArn, Map<String, String> options, StartPosition position, RowEmitter rows) {
        this.streamArn = streamArn;
        this.options = Map.copyOf(options);
        this.position = position;
        this.rows = rows;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SourceReader<RowData, ShardSplit> createReader(SourceReaderContext context) {
        int limit = (int) number(LIMIT, 10_000);
        long margin = number(TIP_MARGIN, 2_000);
        return new ShardReader(
                () -> new ShardSplitReader(AwsClients.kinesis(options), streamArn, limit, margin), rows, context);
    }

    @Override
    public SplitEnumerator<ShardSplit, EnumeratorState> createEnumerator(SplitEnumeratorContext<ShardSplit> context) {
        return restoreEnumerator(
                context,
                new EnumeratorState(new LinkedHashSet<>(), new LinkedHashSet<>(), new LinkedHashSet<>(), position));
    }

    @Override
    public SplitEnumerator<ShardSplit, EnumeratorState> restoreEnumerator(
            SplitEnumeratorContext<ShardSplit> context, EnumeratorState state) {
        return new ShardEnumerator(
                context, AwsClients.kinesis(options), streamArn, number(DISCOVERY, 10_000), state);
    }

    @Override
    public SimpleVersionedSerializer<ShardSplit> getSplitSerializer() {
        return Serializers.splits();
    }

    @Override
    public SimpleVersionedSerializer<EnumeratorState> getEnumeratorCheckpointSerializer() {
        return Serializers.enumerator();
    }

    private long number(String name, long usual) {
        return Long.parseLong(options.getOrDefault(name, Long.toString(usual)));
    }
}
