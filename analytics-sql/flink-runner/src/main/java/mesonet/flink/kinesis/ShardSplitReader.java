package mesonet.flink.kinesis;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import mesonet.flink.input.InputRecord;
import org.apache.flink.connector.base.source.reader.RecordsBySplits;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.GetRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.Record;

/** Asks the shards of one reader in turn. */
final class ShardSplitReader implements SplitReader<ShardItem, ShardSplit> {
    private static final long MAX_SLEEP_MILLIS = 50;

    private final KinesisClient client;
    private final String streamArn;
    private final int limit;
    /** How far behind the clock a shard without news is taken to be: stamps of records on their way. */
    private final long tipMarginMillis;
    private final Queue<ShardCursor> cursors = new ArrayDeque<>();
    private final Set<String> paused = new HashSet<>();
    private volatile boolean isWoken = false;

    ShardSplitReader(KinesisClient client, String streamArn, int limit, long tipMarginMillis) {
        this.client = client;
        this.streamArn = streamArn;
        this.limit = limit;
        this.tipMarginMillis = tipMarginMillis;
    }

    @Override
    public RecordsWithSplitIds<ShardItem> fetch() throws IOException {
        isWoken = false;
        ShardCursor cursor = nextDue();
        if (cursor == null) return nothing();
        cursors.add(cursor);
        long now = System.currentTimeMillis();
        GetRecordsResponse found;
        try {
            found = cursor.poll(now);
        } catch (SdkClientException cause) {
            throw new IOException("Cannot read shard '" + cursor.shardId() + "' of '" + streamArn + "'", cause);
        }
        return found == null ? nothing() : itemsOf(cursor, found, now);
    }

    private RecordsWithSplitIds<ShardItem> itemsOf(ShardCursor cursor, GetRecordsResponse found, long now) {
        boolean isFinished = found.nextShardIterator() == null;
        if (isFinished) cursors.remove(cursor);
        List<ShardItem> items = new ArrayList<>(found.records().size() + 1);
        for (Record record : found.records()) items.add(new ShardItem(recordOf(record, cursor.shardId()), 0));
        boolean isAtTip = found.millisBehindLatest() != null && found.millisBehindLatest() == 0;
        if (isAtTip) items.add(new ShardItem(null, now - tipMarginMillis));
        Map<String, Collection<ShardItem>> bySplit = new HashMap<>();
        if (!items.isEmpty()) bySplit.put(cursor.shardId(), items);
        return new RecordsBySplits<>(bySplit, isFinished ? Set.of(cursor.shardId()) : Set.of());
    }

    private static InputRecord recordOf(Record record, String shardId) {
        return new InputRecord(
                record.data().asByteArrayUnsafe(),
                record.approximateArrivalTimestamp().toEpochMilli(),
                shardId,
                record.sequenceNumber(),
                record.partitionKey());
    }

    /** The next shard in turn that may be asked; sleeps a little when none may. */
    private ShardCursor nextDue() {
        long now = System.currentTimeMillis();
        for (int left = cursors.size(); left > 0; left--) {
            ShardCursor cursor = cursors.remove();
            if (cursor.nextPollMillis() <= now && !paused.contains(cursor.shardId())) return cursor;
            cursors.add(cursor);
        }
        sleep();
        return null;
    }

    private void sleep() {
        if (isWoken) return;
        try {
            Thread.sleep(MAX_SLEEP_MILLIS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static RecordsWithSplitIds<ShardItem> nothing() {
        return new RecordsBySplits<>(Map.of(), Set.of());
    }

    @Override
    public void handleSplitsChanges(SplitsChange<ShardSplit> change) {
        if (!(change instanceof SplitsAddition)) return;
        for (ShardSplit split : change.splits()) cursors.add(new ShardCursor(client, streamArn, split, limit));
    }

    @Override
    public void pauseOrResumeSplits(Collection<ShardSplit> toPause, Collection<ShardSplit> toResume) {
        toPause.forEach(split -> paused.add(split.shardId()));
        toResume.forEach(split -> paused.remove(split.shardId()));
    }

    @Override
    public void wakeUp() {
        isWoken = true;
    }

    @Override
    public void close() {
        client.close();
    }
}
