package mesonet.flink.output;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mesonet.flink.kinesis.AwsClients;
import org.apache.flink.api.connector.sink2.Sink;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResponse;

/** A Kinesis stream (option {@code arn}): at most 500 records and 5 MB a request, 1 MB a record. */
public final class KinesisOutput implements OutputKind {
    private static final BatchSink.Limits LIMITS = new BatchSink.Limits(500, 5_000_000, 1_000_000, 500);

    @Override
    public String name() {
        return "kinesis";
    }

    @Override
    public Sink<OutputLine> createSink(Map<String, String> options) {
        Map<String, String> kept = Map.copyOf(options);
        return new BatchSink(LIMITS, () -> new Request(AwsClients.kinesis(kept), kept.get("arn")));
    }

    private record Request(KinesisClient client, String arn) implements LineRequest {
        @Override
        public List<OutputLine> write(List<OutputLine> lines) {
            List<PutRecordsRequestEntry> entries = lines.stream().map(Request::entry).toList();
            PutRecordsResponse response = client.putRecords(request -> request.streamARN(arn).records(entries));
            List<OutputLine> left = new ArrayList<>();
            for (int at = 0; at < lines.size(); at++)
                if (response.records().get(at).errorCode() != null) left.add(lines.get(at));
            return left;
        }

        private static PutRecordsRequestEntry entry(OutputLine line) {
            return PutRecordsRequestEntry.builder()
                    .partitionKey(line.partitionKey())
                    .data(SdkBytes.fromUtf8String(line.text()))
                    .build();
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
