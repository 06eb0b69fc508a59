package mesonet.flink.kinesis;

import mesonet.flink.input.RowEmitter;
import mesonet.flink.time.SourceClock;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.table.data.RowData;

/**
 * Gives a shard's rows with the shard's own watermark; Flink holds time back at the slowest shard. A shard at its tip lets
 * time pass with the clock, so that windows close without rows; one that never had a row holds nothing back.
 */
final class ShardItemEmitter implements RecordEmitter<ShardItem, RowData, ShardState> {
    private final RowEmitter rows;

    ShardItemEmitter(RowEmitter rows) {
        this.rows = rows;
    }

    @Override
    public void emitRecord(ShardItem item, SourceOutput<RowData> output, ShardState state) {
        if (item.record() != null) {
            output.markActive();
            rows.emit(item.record(), state.clock, output);
            state.sequenceNumber = item.record().sequenceNumber();
            return;
        }
        rows.advance(item.tipMillis(), state.clock, output);
        if (state.clock.watermark() == SourceClock.NEVER) output.markIdle();
    }
}
