package mesonet.flink.kinesis;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.ListShardsRequest;
import software.amazon.awssdk.services.kinesis.model.ListShardsResponse;
import software.amazon.awssdk.services.kinesis.model.Shard;

/** Looks for shards again and again, and gives each to the reader that has fewest; children once their parents are read. */
final class ShardEnumerator implements SplitEnumerator<ShardSplit, EnumeratorState> {
    private static final Logger LOG = LoggerFactory.getLogger(ShardEnumerator.class);

    private final SplitEnumeratorContext<ShardSplit> context;
    private final KinesisClient client;
    private final String streamArn;
    private final long discoveryMillis;
    private final EnumeratorState state;
    private final Map<Integer, Integer> shardsOfReader = new HashMap<>();
    private List<Shard> listed = List.of();
    private boolean isListed;

    ShardEnumerator(
            SplitEnumeratorContext<ShardSplit> context,
            KinesisClient client,
            String streamArn,
            long discoveryMillis,
            EnumeratorState state) {
        this.context = context;
        this.client = client;
        this.streamArn = streamArn;
        this.discoveryMillis = discoveryMillis;
        this.state = state;
    }

    @Override
    public void start() {
        context.callAsync(this::listShards, this::take, 0, discoveryMillis);
    }

    @Override
    public void handleSplitRequest(int reader, String host) {}

    @Override
    public void handleSourceEvent(int reader, SourceEvent event) {
        if (!(event instanceof ShardFinished finished)) return;
        state.assigned().remove(finished.shardId());
        state.finished().add(finished.shardId());
        shardsOfReader.merge(reader, -1, Integer::sum);
        plan();
    }

    @Override
    public void addSplitsBack(List<ShardSplit> splits, int reader) {
        shardsOfReader.remove(reader);
        LOG.info("Reader {} gives back {} shards", reader, splits.size());
        state.waiting().addAll(splits);
        assign();
    }

    @Override
    public void addReader(int reader) {
        shardsOfReader.putIfAbsent(reader, 0);
        assign();
    }

    @Override
    public EnumeratorState snapshotState(long checkpointId) {
        return new EnumeratorState(
                new LinkedHashSet<>(state.assigned()),
                new LinkedHashSet<>(state.finished()),
                new LinkedHashSet<>(state.waiting()),
                state.position());
    }

    @Override
    public void close() {
        client.close();
    }

    /** Kinesis API, ListShards: pages, each after the first by its token alone. */
    private List<Shard> listShards() {
        List<Shard> shards = new ArrayList<>();
        ListShardsRequest request = ListShardsRequest.builder().streamARN(streamArn).build();
        while (true) {
            ListShardsResponse page = client.listShards(request);
            shards.addAll(page.shards());
            if (page.nextToken() == null) return shards;
            request = ListShardsRequest.builder().nextToken(page.nextToken()).build();
        }
    }

    private void take(List<Shard> shards, Throwable failure) {
        if (failure != null) {
            LOG.warn("Cannot list the shards of '{}', will try again", streamArn, failure);
            return;
        }
        listed = shards;
        isListed = true;
        state.finished().retainAll(shards.stream().map(Shard::shardId).toList());
        plan();
    }

    private void plan() {
        for (ShardSplit split : ShardPlan.next(listed, state)) {
            state.assigned().add(split.shardId());
            state.waiting().add(split);
        }
        assign();
    }

    /** Once all readers are there, for the first would take everything. */
    private void assign() {
        if (shardsOfReader.size() < context.currentParallelism()) return;
        for (ShardSplit split : state.waiting()) {
            int reader =
                    shardsOfReader.entrySet().stream()
                            .min(Comparator.comparingInt(Map.Entry<Integer, Integer>::getValue).thenComparing(Map.Entry::getKey))
                            .orElseThrow()
                            .getKey();
            shardsOfReader.merge(reader, 1, Integer::sum);
            context.assignSplit(split, reader);
        }
        state.waiting().clear();
        if (!isListed) return;
        for (int reader : shardsOfReader.keySet()) context.sendEventToSourceReader(reader, new ShardsGiven());
    }
}
