package mesonet.flink;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import mesonet.flink.input.InputRecord;

/**
 * The lines of a file as records, again and again, and what the process had used when the warm-up was over and when the
 * last record was taken. Only the file's name travels with the job.
 */
final class RepeatedRecords extends AbstractList<InputRecord> implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final OperatingSystemMXBean PROCESS =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /** Process CPU and wall time at a record. */
    record Mark(long cpuNanos, long wallNanos) {
        static Mark now() {
            return new Mark(PROCESS.getProcessCpuTime(), System.nanoTime());
        }
    }

    private static volatile Mark warm;
    private static volatile Mark last;

    private final String file;
    private final int count;
    private final int warmUp;
    private final long startMillis;
    private final int perSecond;
    private transient List<byte[]> lines;

    /** @param perSecond how many records arrive in a second, from {@code startMillis} on */
    RepeatedRecords(String file, int count, int warmUp, long startMillis, int perSecond) {
        this.file = file;
        this.count = count;
        this.warmUp = warmUp;
        this.startMillis = startMillis;
        this.perSecond = perSecond;
    }

    static Mark warm() {
        return warm;
    }

    static Mark last() {
        return last;
    }

    @Override
    public int size() {
        return count;
    }

    @Override
    public InputRecord get(int at) {
        if (lines == null) lines = read(file);
        if (at == warmUp) warm = Mark.now();
        if (at == count - 1) last = Mark.now();
        long arrivalMillis = startMillis + at * 1000L / perSecond;
        return new InputRecord(lines.get(at % lines.size()), arrivalMillis, "", null, null);
    }

    private static List<byte[]> read(String file) {
        List<byte[]> lines = new ArrayList<>();
        try {
            byte[] bytes = Files.readAllBytes(Path.of(file));
            int begin = 0;
            for (int at = 0; at < bytes.length; at++)
                if (bytes[at] == '\n') {
                    lines.add(Arrays.copyOfRange(bytes, begin, at));
                    begin = at + 1;
                }
        } catch (IOException cause) {
            throw new UncheckedIOException("Cannot read the records '" + file + "'", cause);
        }
        return lines;
    }
}
