package mesonet.flink.kinesis;

import java.net.URI;
import java.util.Map;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.core.SdkSystemSetting;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.firehose.FirehoseClient;
import software.amazon.awssdk.services.kinesis.KinesisClient;

/** Clients by the options {@code region} and {@code endpoint}; credentials come from the usual chain. */
public final class AwsClients {
    public static final String REGION = "region";
    /** Another endpoint than the service's, for example that of the local runtime. */
    public static final String ENDPOINT = "endpoint";

    private AwsClients() {}

    public static KinesisClient kinesis(Map<String, String> options) {
        return build(KinesisClient.builder(), options);
    }

    public static FirehoseClient firehose(Map<String, String> options) {
        return build(FirehoseClient.builder(), options);
    }

    private static <B extends AwsClientBuilder<B, C> & AwsSyncClientBuilder<B, C>, C> C build(
            B builder, Map<String, String> options) {
        builder.httpClientBuilder(UrlConnectionHttpClient.builder());
        if (options.containsKey(REGION)) builder.region(Region.of(options.get(REGION)));
        if (options.containsKey(ENDPOINT)) {
            // Stand-ins speak the JSON of the protocol; only the service itself surely speaks CBOR
            System.setProperty(SdkSystemSetting.CBOR_ENABLED.property(), "false");
            builder.endpointOverride(URI.create(options.get(ENDPOINT)));
        }
        return builder.build();
    }
}
