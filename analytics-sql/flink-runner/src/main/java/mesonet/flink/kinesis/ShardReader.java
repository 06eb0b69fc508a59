package mesonet.flink.kinesis;

import java.util.Map;
import java.util.function.Supplier;
import mesonet.flink.input.RowEmitter;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.source.reader.SingleThreadMultiplexSourceReaderBase;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.table.data.RowData;

/** Reads the shards that one subtask was given, and tells when one has come to its end. */
final class ShardReader extends SingleThreadMultiplexSourceReaderBase<ShardItem, RowData, ShardSplit, ShardState> {
    private final RowEmitter rows;
    private boolean areShardsGiven;
    private boolean isIdle;

    ShardReader(
            Supplier<SplitReader<ShardItem, ShardSplit>> readers, RowEmitter rows, SourceReaderContext context) {
        super(readers, new ShardItemEmitter(rows), new Configuration(), context);
        this.rows = rows;
    }

    /**
     * A subtask without shards holds no time back, once it is known that it gets none; one that has a shard does, also
     * before the first record of it: what it has not read yet may be older than what others have.
     */
    @Override
    public InputStatus pollNext(ReaderOutput<RowData> output) throws Exception {
        boolean hasNone = areShardsGiven && getNumberOfCurrentlyAssignedSplits() == 0;
        if (hasNone && !isIdle) output.markIdle();
        else if (!hasNone && isIdle) output.markActive();
        isIdle = hasNone;
        return super.pollNext(output);
    }

    @Override
    public void handleSourceEvents(SourceEvent event) {
        if (event instanceof ShardsGiven) areShardsGiven = true;
        else super.handleSourceEvents(event);
    }

    @Override
    protected void onSplitFinished(Map<String, ShardState> finished) {
        for (String shardId : finished.keySet()) context.sendSourceEventToCoordinator(new ShardFinished(shardId));
    }

    @Override
    protected ShardState initializedState(ShardSplit split) {
        return new ShardState(split, rows.time());
    }

    @Override
    protected ShardSplit toSplitType(String shardId, ShardState state) {
        return state.toSplit();
    }
}
