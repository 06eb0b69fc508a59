package mesonet.flink.output;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriter;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.ElementConverter;
import org.apache.flink.connector.base.sink.writer.ResultHandler;
import org.apache.flink.connector.base.sink.writer.config.AsyncSinkWriterConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/** Sends batches from threads of its own. Lines that a request leaves out are sent again; a refused request stops the job. */
final class BatchWriter extends AsyncSinkWriter<OutputLine, OutputLine> {
    private static final Logger LOG = LoggerFactory.getLogger(BatchWriter.class);
    private static final ElementConverter<OutputLine, OutputLine> AS_IT_IS = (line, context) -> line;
    private static final int SERVER_ERROR = 500;

    private final LineRequest request;
    private final ExecutorService senders;

    BatchWriter(
            WriterInitContext context,
            AsyncSinkWriterConfiguration configuration,
            Collection<BufferedRequestState<OutputLine>> waiting,
            LineRequest request) {
        super(AS_IT_IS, context, configuration, waiting);
        this.request = request;
        senders = Executors.newFixedThreadPool(configuration.getMaxInFlightRequests());
    }

    @Override
    protected void submitRequestEntries(List<OutputLine> lines, ResultHandler<OutputLine> result) {
        senders.execute(() -> send(lines, result));
    }

    private void send(List<OutputLine> lines, ResultHandler<OutputLine> result) {
        try {
            List<OutputLine> left = request.write(lines);
            if (left.isEmpty()) result.complete();
            else result.retryForEntries(left);
        } catch (SdkException failure) {
            if (isPassing(failure)) {
                LOG.warn("Cannot write {} lines now, will try again: {}", lines.size(), failure.getMessage());
                result.retryForEntries(lines);
            } else result.completeExceptionally(failure);
        } catch (RuntimeException failure) {
            result.completeExceptionally(failure);
        }
    }

    private static boolean isPassing(SdkException failure) {
        if (!(failure instanceof AwsServiceException service)) return failure.retryable();
        return service.isThrottlingException() || service.statusCode() >= SERVER_ERROR;
    }

    @Override
    protected long getSizeInBytes(OutputLine line) {
        return line.text().getBytes(StandardCharsets.UTF_8).length
                + (long) line.partitionKey().getBytes(StandardCharsets.UTF_8).length;
    }

    @Override
    public void close() {
        super.close();
        senders.shutdownNow();
        request.close();
    }
}
