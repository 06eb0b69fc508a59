package mesonet.flink.output;

import java.nio.charset.StandardCharsets;
import mesonet.flink.input.RefusedRecord;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.table.data.RowData;

/** Rows of ERROR_NAME, ERROR_TIME, DATA_ROW, which a pump refuses, as lines of the error stream. */
final class RowToRefusal implements MapFunction<RowData, OutputLine> {
    private static final long serialVersionUID = 1L;
    private static final int TIME_PRECISION = 3;

    private final String application;
    private final String pump;
    private final String message;

    RowToRefusal(String application, String pump, String message) {
        this.application = application;
        this.pump = pump;
        this.message = message;
    }

    @Override
    public OutputLine map(RowData row) {
        String data = row.isNullAt(2) ? "" : row.getString(2).toString();
        String name = row.isNullAt(0) ? "ERROR" : row.getString(0).toString();
        long time = row.isNullAt(1) ? 0 : row.getTimestamp(1, TIME_PRECISION).getMillisecond();
        RefusedRecord refused =
                new RefusedRecord(name, message, pump, application, time, data.getBytes(StandardCharsets.UTF_8));
        return new OutputLine(pump.isEmpty() ? "-" : pump, refused.print());
    }
}
