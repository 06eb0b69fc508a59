package mesonet.flink.input;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/** Sends the source's rows to their views and refused records to the error stream. */
public final class SplitRows extends ProcessFunction<RowData, RowData> {
    private static final long serialVersionUID = 1L;
    /** Lines of the error stream. */
    public static final OutputTag<String> REFUSED = new OutputTag<>("refused") {};

    private final SourceRow shape;
    private final List<OutputTag<RowData>> views = new ArrayList<>();

    public SplitRows(SourceRow shape) {
        this.shape = shape;
        for (int view = 0; view < shape.viewCount(); view++)
            views.add(new OutputTag<>("view-" + view, shape.visibleType()));
    }

    public OutputTag<RowData> view(int index) {
        return views.get(index);
    }

    @Override
    public void processElement(RowData row, Context context, Collector<RowData> first) {
        String refusal = shape.refusalOf(row);
        if (refusal != null) {
            context.output(REFUSED, refusal);
            return;
        }
        RowData shown = visible(row);
        int view = shape.viewOf(row);
        if (view == 0) first.collect(shown);
        else context.output(views.get(view), shown);
    }

    private RowData visible(RowData row) {
        GenericRowData whole = (GenericRowData) row;
        Object[] values = new Object[shape.width()];
        for (int at = 0; at < values.length; at++) values[at] = whole.getField(at);
        return GenericRowData.of(values);
    }
}
