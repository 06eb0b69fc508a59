package mesonet.flink.input;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which of the source's in-application streams takes a shard's rows (developer guide, InputParallelism). */
public final class ShardView {
    private static final Pattern NUMBER = Pattern.compile("\\d{1,15}$");

    private ShardView() {}

    /** The number in the shard's name goes round the views, any other name by its characters. */
    public static int of(String shardId, int count) {
        if (count == 1) return 0;
        Matcher digits = NUMBER.matcher(shardId);
        if (digits.find()) return (int) (Long.parseLong(digits.group()) % count);
        return Integer.remainderUnsigned(shardId.hashCode(), count);
    }
}
