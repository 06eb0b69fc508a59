package mesonet.flink.input;

import java.io.Serializable;
import mesonet.flink.job.Job;
import mesonet.flink.job.TimePlan;
import mesonet.flink.time.SourceClock;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;

/** Turns records into rows with their ROWTIME, and moves the watermark with them. What does not fit becomes a refusal. */
public final class RowEmitter implements Serializable {
    private static final long serialVersionUID = 1L;

    private final RecordDecoder decoder;
    private final SourceRow shape;
    private final TimePlan time;
    private final String sourceName;

    /** @param sourceName ARN or name of the stream, for refusals */
    public RowEmitter(Job.Source source, String sourceName) {
        decoder = new RecordDecoder(source.format());
        shape = new SourceRow(source);
        time = source.time();
        this.sourceName = sourceName;
    }

    public SourceRow shape() {
        return shape;
    }

    public TimePlan time() {
        return time;
    }

    /** Gives the rows of a record, each behind the watermark that its own time makes. */
    public void emit(InputRecord record, SourceClock clock, SourceOutput<RowData> output) {
        long before = clock.watermark();
        clock.arrive(record.arrivalMillis());
        before = passTime(before, clock, output);
        try {
            for (JsonNode item : decoder.items(record.data())) {
                emitItem(item, record, clock, output);
                before = passTime(before, clock, output);
            }
        } catch (RefusedRow refused) {
            refuse(refused, record, output);
        }
    }

    /** Lets time pass without rows. */
    public void advance(long nowMillis, SourceClock clock, SourceOutput<RowData> output) {
        long before = clock.watermark();
        clock.advance(nowMillis);
        passTime(before, clock, output);
    }

    private void emitItem(JsonNode item, InputRecord record, SourceClock clock, SourceOutput<RowData> output) {
        try {
            Object[] values = decoder.values(item, shape.fullWidth());
            Long eventMillis = time.isArrival() ? null : millisOf(values[time.columnIndex()]);
            SourceClock.Verdict verdict = clock.take(eventMillis, record.arrivalMillis(), record.shardId());
            if (verdict != SourceClock.Verdict.ON_TIME)
                throw TimeRefusal.of(verdict, eventMillis, record.arrivalMillis());
            output.collect(shape.row(values, record), clock.rowtime());
        } catch (RefusedRow refused) {
            refuse(refused, record, output);
        }
    }

    /** Flink's watermark says that nothing of its own time comes any more, the clock's that nothing earlier comes. */
    private static long passTime(long before, SourceClock clock, SourceOutput<RowData> output) {
        if (clock.watermark() > before) output.emitWatermark(new Watermark(clock.watermark() - 1));
        return clock.watermark();
    }

    private static Long millisOf(Object value) {
        return value instanceof TimestampData timestamp ? (Long) timestamp.getMillisecond() : (Long) value;
    }

    private void refuse(RefusedRow refused, InputRecord record, SourceOutput<RowData> output) {
        String place = record.sequenceNumber() == null ? "" : "/" + record.shardId() + "/" + record.sequenceNumber();
        RefusedRecord line =
                new RefusedRecord(
                        refused.reason(),
                        refused.getMessage(),
                        "",
                        sourceName + place,
                        record.arrivalMillis(),
                        record.data());
        output.collect(shape.refused(line), record.arrivalMillis());
    }
}
