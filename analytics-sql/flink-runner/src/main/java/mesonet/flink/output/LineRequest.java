package mesonet.flink.output;

import java.util.List;

/** A call that writes lines. It answers those that were not taken, to be given again. */
interface LineRequest extends AutoCloseable {
    List<OutputLine> write(List<OutputLine> lines);

    @Override
    void close();
}
