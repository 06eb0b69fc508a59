package mesonet.flink.output;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mesonet.flink.kinesis.AwsClients;
import org.apache.flink.api.connector.sink2.Sink;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.firehose.FirehoseClient;
import software.amazon.awssdk.services.firehose.model.PutRecordBatchResponse;
import software.amazon.awssdk.services.firehose.model.Record;

/** A delivery stream (option {@code name}): at most 500 records and 4 MiB a request, 1,000 KiB a record; a line each. */
public final class FirehoseOutput implements OutputKind {
    private static final BatchSink.Limits LIMITS = new BatchSink.Limits(500, 4_000_000, 1_000_000, 1_000);

    @Override
    public String name() {
        return "firehose";
    }

    @Override
    public Sink<OutputLine> createSink(Map<String, String> options) {
        Map<String, String> kept = Map.copyOf(options);
        return new BatchSink(LIMITS, () -> new Request(AwsClients.firehose(kept), kept.get("name")));
    }

    private record Request(FirehoseClient client, String name) implements LineRequest {
        @Override
        public List<OutputLine> write(List<OutputLine> lines) {
            List<Record> records =
                    lines.stream()
                            .map(line -> Record.builder().data(SdkBytes.fromUtf8String(line.text() + "\n")).build())
                            .toList();
            PutRecordBatchResponse response =
                    client.putRecordBatch(request -> request.deliveryStreamName(name).records(records));
            List<OutputLine> left = new ArrayList<>();
            for (int at = 0; at < lines.size(); at++)
                if (response.requestResponses().get(at).errorCode() != null) left.add(lines.get(at));
            return left;
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
