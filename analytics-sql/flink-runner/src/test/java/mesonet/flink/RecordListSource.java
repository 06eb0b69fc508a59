package mesonet.flink;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import mesonet.flink.input.InputRecord;
import mesonet.flink.input.RowEmitter;
import mesonet.flink.time.SourceClock;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource.NumberSequenceSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;

/** A source of given records, in their order, with one clock for all of their shards, as the embedded engine has. */
final class RecordListSource
        implements Source<RowData, NumberSequenceSplit, java.util.Collection<NumberSequenceSplit>> {
    private static final long serialVersionUID = 1L;

    private final List<InputRecord> records;
    private final RowEmitter emitter;
    /** Gives the one split that it takes. */
    private final NumberSequenceSource once = new NumberSequenceSource(0, 0);

    RecordListSource(List<InputRecord> records, RowEmitter emitter) {
        this.records = records;
        this.emitter = emitter;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.BOUNDED;
    }

    @Override
    public SplitEnumerator<NumberSequenceSplit, java.util.Collection<NumberSequenceSplit>> createEnumerator(
            SplitEnumeratorContext<NumberSequenceSplit> context) {
        return once.createEnumerator(context);
    }

    @Override
    public SplitEnumerator<NumberSequenceSplit, java.util.Collection<NumberSequenceSplit>> restoreEnumerator(
            SplitEnumeratorContext<NumberSequenceSplit> context, java.util.Collection<NumberSequenceSplit> splits) {
        return once.restoreEnumerator(context, splits);
    }

    @Override
    public SimpleVersionedSerializer<NumberSequenceSplit> getSplitSerializer() {
        return once.getSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<java.util.Collection<NumberSequenceSplit>> getEnumeratorCheckpointSerializer() {
        return once.getEnumeratorCheckpointSerializer();
    }

    @Override
    public SourceReader<RowData, NumberSequenceSplit> createReader(SourceReaderContext context) {
        return new Reader(records, emitter, context);
    }

    private static final class Reader implements SourceReader<RowData, NumberSequenceSplit> {
        private final List<InputRecord> records;
        private final RowEmitter emitter;
        private final SourceReaderContext context;
        private final SourceClock clock;
        private final CompletableFuture<Void> available = new CompletableFuture<>();
        private List<NumberSequenceSplit> splits = List.of();
        private boolean isLast = false;
        private int at = 0;

        Reader(List<InputRecord> records, RowEmitter emitter, SourceReaderContext context) {
            this.records = records;
            this.emitter = emitter;
            this.context = context;
            clock = new SourceClock(emitter.time(), SourceClock.NEVER);
        }

        @Override
        public void start() {
            context.sendSplitRequest();
        }

        @Override
        public InputStatus pollNext(ReaderOutput<RowData> output) {
            if (splits.isEmpty() && !isLast) return InputStatus.NOTHING_AVAILABLE;
            if (splits.isEmpty() || at >= records.size()) return InputStatus.END_OF_INPUT;
            emitter.emit(records.get(at++), clock, output);
            return InputStatus.MORE_AVAILABLE;
        }

        @Override
        public List<NumberSequenceSplit> snapshotState(long checkpointId) {
            return splits;
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            return available;
        }

        @Override
        public void addSplits(List<NumberSequenceSplit> added) {
            splits = added;
            available.complete(null);
        }

        @Override
        public void notifyNoMoreSplits() {
            isLast = true;
            available.complete(null);
        }

        @Override
        public void close() {}
    }
}
