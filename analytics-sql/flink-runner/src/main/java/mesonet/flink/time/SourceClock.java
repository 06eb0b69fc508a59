package mesonet.flink.time;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import mesonet.flink.input.TimestampText;
import mesonet.flink.job.TimePlan;

/**
 * Decides the ROWTIME of every source row and how far time has passed, by the rules of the embedded engine. It knows no
 * clock: arrival times come with the records, and {@link #advance} tells that every record that arrived earlier has been
 * given. A shard holds the watermark back at its newest row. All times are milliseconds since the epoch.
 */
public final class SourceClock implements Serializable {
    private static final long serialVersionUID = 1L;
    public static final long NEVER = Long.MIN_VALUE;

    /** What became of a row's time. */
    public enum Verdict {
        ON_TIME,
        AHEAD,
        MISSING,
        OUT_OF_RANGE
    }

    private static final class Shard implements Serializable {
        private static final long serialVersionUID = 1L;
        long time = NEVER;
        long arrival = NEVER;
    }

    private final TimePlan plan;
    private final Map<String, Shard> shards = new HashMap<>();
    private long watermark = NEVER;
    private long newestArrival = NEVER;
    private long newestTime = NEVER;
    private long rowtime;

    /** @param watermarkMillis where it stood when it was saved, or {@link #NEVER} */
    public SourceClock(TimePlan plan, long watermarkMillis) {
        this.plan = plan;
        this.watermark = watermarkMillis;
    }

    /** No later row gets a ROWTIME before this, but for late rows of event time; {@link #NEVER} before the first. */
    public long watermark() {
        return watermark;
    }

    /** ROWTIME of the row last taken. */
    public long rowtime() {
        return rowtime;
    }

    /** A record arrived: with event time, gaps of arrival let time pass before its rows are looked at. */
    public void arrive(long arrivalMillis) {
        if (!plan.isArrival()) passIdle(arrivalMillis);
        newestArrival = Math.max(newestArrival, arrivalMillis);
    }

    /** Sets {@link #rowtime} for a row; {@code eventMillis} is the time column's value, ignored in arrival mode. */
    public Verdict take(Long eventMillis, long arrivalMillis, String shardId) {
        if (plan.isArrival()) {
            moveShard(shardId, arrivalMillis, arrivalMillis);
            rowtime = Math.max(watermark, arrivalMillis);
            return Verdict.ON_TIME;
        }
        if (eventMillis == null) return Verdict.MISSING;
        if (!TimestampText.isTimestamp(eventMillis)) return Verdict.OUT_OF_RANGE;
        rowtime = eventMillis;
        if (eventMillis > arrivalMillis + plan.maxAheadMillis()) return Verdict.AHEAD;
        newestTime = Math.max(newestTime, eventMillis);
        moveShard(shardId, eventMillis, arrivalMillis);
        return Verdict.ON_TIME;
    }

    /** Every record that arrived before {@code nowMillis} has been given. */
    public void advance(long nowMillis) {
        if (plan.isArrival()) watermark = Math.max(watermark, nowMillis);
        else passIdle(nowMillis);
    }

    private void moveShard(String shardId, long time, long arrival) {
        Shard shard = shards.computeIfAbsent(shardId, id -> new Shard());
        shard.arrival = arrival;
        if (time <= shard.time) return;
        shard.time = time;
        long slack = plan.isArrival() ? 0 : plan.outOfOrderMillis();
        long oldest = shards.size() == 1 ? time : oldestShard();
        if (oldest != NEVER) watermark = Math.max(watermark, oldest - slack);
    }

    private long oldestShard() {
        long idleBefore = plan.isArrival() ? NEVER : newestArrival - plan.idleMillis();
        long oldest = Long.MAX_VALUE;
        for (Shard shard : shards.values())
            if (plan.isArrival() || shard.arrival >= idleBefore) oldest = Math.min(oldest, shard.time);
        return oldest == Long.MAX_VALUE ? NEVER : oldest;
    }

    /** Nothing arrived for the idle span: event time runs on with arrival time from the newest row. */
    private void passIdle(long nowMillis) {
        if (newestArrival == NEVER || newestTime == NEVER) return;
        long quiet = nowMillis - newestArrival;
        if (quiet < plan.idleMillis()) return;
        watermark = Math.max(watermark, newestTime + quiet - plan.outOfOrderMillis());
    }
}
