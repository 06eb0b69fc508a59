package mesonet.flink.kinesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.ExpiredIteratorException;
import software.amazon.awssdk.services.kinesis.model.GetRecordsRequest;
import software.amazon.awssdk.services.kinesis.model.GetRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.kinesis.model.GetShardIteratorResponse;
import software.amazon.awssdk.services.kinesis.model.KinesisException;
import software.amazon.awssdk.services.kinesis.model.ProvisionedThroughputExceededException;
import software.amazon.awssdk.services.kinesis.model.Record;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;

/** A shard of numbered records, read while the service refuses now and then. */
class ShardCursorTest {
    private static final int RECORDS = 20;
    private static final int PAGE = 3;

    /** An iterator is the number of the record that it stands before; failures come first, one a call. */
    private static final class Shard implements KinesisClient {
        final Deque<RuntimeException> failures = new ArrayDeque<>();
        final List<GetShardIteratorRequest> asked = new ArrayList<>();
        boolean isClosed;

        @Override
        public GetShardIteratorResponse getShardIterator(GetShardIteratorRequest request) {
            asked.add(request);
            String last = request.startingSequenceNumber();
            int next = last == null ? 0 : Integer.parseInt(last) + 1;
            return GetShardIteratorResponse.builder().shardIterator(Integer.toString(next)).build();
        }

        @Override
        public GetRecordsResponse getRecords(GetRecordsRequest request) {
            if (!failures.isEmpty()) throw failures.remove();
            int from = Integer.parseInt(request.shardIterator());
            int to = Math.min(RECORDS, from + PAGE);
            List<Record> records = new ArrayList<>();
            for (int at = from; at < to; at++) records.add(record(at));
            boolean isEnd = isClosed && to == RECORDS;
            return GetRecordsResponse.builder()
                    .records(records)
                    .nextShardIterator(isEnd ? null : Integer.toString(to))
                    .millisBehindLatest(to == RECORDS ? 0L : 1L)
                    .build();
        }

        private static Record record(int number) {
            return Record.builder()
                    .sequenceNumber(Integer.toString(number))
                    .partitionKey("key")
                    .approximateArrivalTimestamp(Instant.ofEpochMilli(number))
                    .data(SdkBytes.fromUtf8String("{}"))
                    .build();
        }

        @Override
        public String serviceName() {
            return "kinesis";
        }

        @Override
        public void close() {}
    }

    private final Shard shard = new Shard();

    private ShardCursor cursor(ShardSplit split) {
        return new ShardCursor(shard, "arn", split, PAGE);
    }

    /** Reads to the end of what there is; every second call fails. Nothing may be missing or twice. */
    private void readThrough(RuntimeException failure) {
        ShardCursor cursor = cursor(ShardSplit.fresh("0", null));
        List<String> read = new ArrayList<>();
        long now = 0;
        for (int call = 0; read.size() < RECORDS && call < 100; call++) {
            if (call % 2 == 1) shard.failures.add(failure);
            now = Math.max(now, cursor.nextPollMillis());
            GetRecordsResponse found = cursor.poll(now);
            if (found != null) for (Record record : found.records()) read.add(record.sequenceNumber());
        }
        List<String> all = new ArrayList<>();
        for (int at = 0; at < RECORDS; at++) all.add(Integer.toString(at));
        assertEquals(all, read);
    }

    @Test
    void anExpiredIteratorIsMadeAnewBehindTheLastRecord() {
        readThrough(ExpiredIteratorException.builder().message("Iterator expired").build());
        GetShardIteratorRequest second = shard.asked.get(1);
        assertEquals(ShardIteratorType.AFTER_SEQUENCE_NUMBER, second.shardIteratorType());
        assertEquals("2", second.startingSequenceNumber());
    }

    @Test
    void anIteratorThatExpiredBeforeTheFirstRecordBeginsWhereTheJobBegan() {
        ShardCursor cursor = cursor(ShardSplit.fresh("0", 1234L));
        shard.failures.add(ExpiredIteratorException.builder().build());
        assertNull(cursor.poll(0));
        cursor.poll(0);
        assertEquals(
                List.of(ShardIteratorType.AT_TIMESTAMP, ShardIteratorType.AT_TIMESTAMP),
                shard.asked.stream().map(GetShardIteratorRequest::shardIteratorType).toList());
    }

    @Test
    void whatTheServiceCannotAnswerNowIsAskedAgain() {
        readThrough(ProvisionedThroughputExceededException.builder().build());
        assertEquals(1, shard.asked.size());
        readThrough(KinesisException.builder().statusCode(500).build());
    }

    @Test
    void aThrottledShardIsAskedLessOften() {
        ShardCursor cursor = cursor(ShardSplit.fresh("0", null));
        long now = 0;
        long longest = 0;
        for (int call = 0; call < 10; call++) {
            shard.failures.add(ProvisionedThroughputExceededException.builder().build());
            assertNull(cursor.poll(now));
            assertTrue(cursor.nextPollMillis() - now >= longest);
            longest = cursor.nextPollMillis() - now;
            now = cursor.nextPollMillis();
        }
        assertEquals(5_000, longest);
    }

    @Test
    void whatTheServiceRefusesForGoodStopsTheJob() {
        shard.failures.add(KinesisException.builder().statusCode(400).build());
        ShardCursor cursor = cursor(ShardSplit.fresh("0", null));
        assertThrows(KinesisException.class, () -> cursor.poll(0));
    }

    @Test
    void theEndOfAShardIsToldOnceWithItsLastRecords() throws Exception {
        shard.isClosed = true;
        ShardSplitReader reader = new ShardSplitReader(shard, "arn", PAGE, 0);
        reader.handleSplitsChanges(new SplitsAddition<>(List.of(ShardSplit.fresh("0", null))));
        int read = 0;
        List<Set<String>> finished = new ArrayList<>();
        for (int fetch = 0; fetch < 100 && finished.isEmpty(); fetch++) {
            RecordsWithSplitIds<ShardItem> found = reader.fetch();
            while (found.nextSplit() != null)
                for (ShardItem item = found.nextRecordFromSplit(); item != null; item = found.nextRecordFromSplit())
                    if (item.record() != null) read++;
            if (!found.finishedSplits().isEmpty()) finished.add(found.finishedSplits());
        }
        assertEquals(RECORDS, read);
        assertEquals(List.of(Set.of("0")), finished);
        assertTrue(reader.fetch().finishedSplits().isEmpty());
    }
}
