package mesonet.flink.output;

import java.io.Serializable;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.AsyncSinkBase;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** Writes lines in batches as great as the service takes (Kinesis API, PutRecords; Firehose API, PutRecordBatch). */
final class BatchSink extends AsyncSinkBase<OutputLine, OutputLine> {
    private static final long serialVersionUID = 1L;

    /** How great batches and records may be, and how long a line waits for others. */
    record Limits(int lines, long batchBytes, long recordBytes, long waitMillis) implements Serializable {}

    /** Opens the connection where the sink runs. */
    interface Open extends Serializable {
        LineRequest open();
    }

    private static final int REQUESTS_IN_FLIGHT = 4;
    private static final int BUFFERED = 10_000;

    private final Open open;

    BatchSink(Limits limits, Open open) {
        super(
                (line, context) -> line,
                limits.lines(),
                REQUESTS_IN_FLIGHT,
                BUFFERED,
                limits.batchBytes(),
                limits.waitMillis(),
                limits.recordBytes());
        this.open = open;
    }

    @Override
    public StatefulSinkWriter<OutputLine, BufferedRequestState<OutputLine>> createWriter(WriterInitContext context) {
        return restoreWriter(context, List.of());
    }

    @Override
    public StatefulSinkWriter<OutputLine, BufferedRequestState<OutputLine>> restoreWriter(
            WriterInitContext context, Collection<BufferedRequestState<OutputLine>> waiting) {
        var configuration =
                org.apache.flink.connector.base.sink.writer.config.AsyncSinkWriterConfiguration.builder()
                        .setMaxBatchSize(getMaxBatchSize())
                        .setMaxBatchSizeInBytes(getMaxBatchSizeInBytes())
                        .setMaxInFlightRequests(getMaxInFlightRequests())
                        .setMaxBufferedRequests(getMaxBufferedRequests())
                        .setMaxTimeInBufferMS(getMaxTimeInBufferMS())
                        .setMaxRecordSizeInBytes(getMaxRecordSizeInBytes())
                        .build();
        return new BatchWriter(context, configuration, waiting, open.open());
    }

    @Override
    public SimpleVersionedSerializer<BufferedRequestState<OutputLine>> getWriterStateSerializer() {
        return new LineState();
    }
}
