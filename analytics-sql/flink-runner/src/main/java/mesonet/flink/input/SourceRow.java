package mesonet.flink.input;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import mesonet.flink.job.InputColumn;
import mesonet.flink.job.Job;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/**
 * What the source gives: the input's columns, the pseudo-columns that are asked for, and behind them the view that the
 * row belongs to and, for a refused record, its line of the error stream.
 */
public final class SourceRow implements Serializable {
    private static final long serialVersionUID = 1L;

    private final List<InputColumn> columns;
    private final List<String> pseudoColumns;
    private final int viewCount;

    public SourceRow(Job.Source source) {
        columns = source.format().columns();
        pseudoColumns = source.pseudoColumns();
        viewCount = source.views().size();
    }

    public int viewCount() {
        return viewCount;
    }

    /** Columns that the views show. */
    public int width() {
        return columns.size() + pseudoColumns.size();
    }

    /** Columns of a row inside the source, room for view and refusal included. */
    public int fullWidth() {
        return width() + 2;
    }

    /** Name and type of the columns that the views show, in order. */
    public List<DataTypes.Field> fields() {
        List<DataTypes.Field> fields = new ArrayList<>();
        for (InputColumn column : columns) fields.add(DataTypes.FIELD(column.name(), column.type().toFlink()));
        for (String name : pseudoColumns) fields.add(DataTypes.FIELD(name, typeOf(name)));
        return fields;
    }

    public TypeInformation<RowData> visibleType() {
        return InternalTypeInfo.of((RowType) DataTypes.ROW(fields()).getLogicalType());
    }

    public TypeInformation<RowData> fullType() {
        List<DataTypes.Field> fields = fields();
        fields.add(DataTypes.FIELD("$view", DataTypes.INT()));
        fields.add(DataTypes.FIELD("$refused", DataTypes.STRING()));
        return InternalTypeInfo.of((RowType) DataTypes.ROW(fields).getLogicalType());
    }

    /** Completes the row whose input columns stand in {@code values}. */
    RowData row(Object[] values, InputRecord record) {
        int at = columns.size();
        for (String name : pseudoColumns) values[at++] = pseudoValue(name, record);
        values[at] = ShardView.of(record.shardId(), viewCount);
        return GenericRowData.of(values);
    }

    RowData refused(RefusedRecord refused) {
        Object[] values = new Object[fullWidth()];
        values[width()] = 0;
        values[width() + 1] = StringData.fromString(refused.print());
        return GenericRowData.of(values);
    }

    /** The line of the error stream that a row is, null where it is none. */
    String refusalOf(RowData row) {
        return row.isNullAt(width() + 1) ? null : row.getString(width() + 1).toString();
    }

    int viewOf(RowData row) {
        return row.getInt(width());
    }

    private static DataType typeOf(String pseudoColumn) {
        return switch (pseudoColumn) {
            case "APPROXIMATE_ARRIVAL_TIME" -> DataTypes.TIMESTAMP(3);
            case "SHARD_ID", "SEQUENCE_NUMBER", "PARTITION_KEY" -> DataTypes.STRING();
            default -> throw new IllegalArgumentException("Cannot read pseudo-column '" + pseudoColumn + "'");
        };
    }

    private static Object pseudoValue(String name, InputRecord record) {
        return switch (name) {
            case "APPROXIMATE_ARRIVAL_TIME" -> TimestampData.fromEpochMillis(record.arrivalMillis());
            case "SHARD_ID" -> StringData.fromString(record.shardId());
            case "SEQUENCE_NUMBER" -> StringData.fromString(record.sequenceNumber());
            default -> StringData.fromString(record.partitionKey());
        };
    }
}
