package mesonet.flink.function;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.types.Row;

/** HOTSPOTS (SQL reference): each row with the dense regions of the last {@code window_size} rows, itself included. */
public final class Hotspots extends ProcessTableFunction<Row> {
    private static final long serialVersionUID = 1L;

    public void eval(
            Context context,
            Row settings,
            MapView<Long, Row[]> waiting,
            Row window,
            Row input,
            String columns,
            Integer windowSize,
            Double scanRadius,
            Integer minimumPoints)
            throws Exception {
        settings.setField(0, columns);
        settings.setField(1, windowSize);
        settings.setField(2, scanRadius);
        settings.setField(3, minimumPoints);
        TimedInput.hold(context, waiting, input);
    }

    public void onTimer(OnTimerContext context, Row settings, MapView<Long, Row[]> waiting, Row window)
            throws Exception {
        int[] columns = TimedInput.indexes(context, Points.names((String) settings.getField(0)));
        int windowSize = (Integer) settings.getField(1);
        double radius = (Double) settings.getField(2);
        int minimum = (Integer) settings.getField(3);
        List<double[]> points = read(window, columns.length);
        for (Row row : TimedInput.release(waiting, context.timeContext(Long.class).time())) {
            double[] point = Points.of(row, columns);
            if (point == null) {
                collect(TimedInput.extend(row, (Object) null));
                continue;
            }
            points.add(point);
            if (points.size() > windowSize) points.remove(0);
            collect(TimedInput.extend(row, DenseRegions.print(DenseRegions.find(points, radius, minimum), radius)));
        }
        window.setField(0, points.stream().flatMapToDouble(Arrays::stream).boxed().toArray(Double[]::new));
    }

    /** The window's points, kept one number behind the other. */
    private static List<double[]> read(Row window, int dimensions) {
        List<double[]> points = new ArrayList<>();
        Double[] numbers = (Double[]) window.getField(0);
        if (numbers == null) return points;
        for (int at = 0; at < numbers.length; at += dimensions) {
            double[] point = new double[dimensions];
            for (int i = 0; i < dimensions; i++) point[i] = numbers[at + i];
            points.add(point);
        }
        return points;
    }

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        return new TimedSignature(
                        DataTypes.FIELD("columns", DataTypes.STRING()),
                        DataTypes.FIELD("window_size", DataTypes.INT()),
                        DataTypes.FIELD("scan_radius", DataTypes.DOUBLE()),
                        DataTypes.FIELD("minimum_points", DataTypes.INT()))
                .state("window", DataTypes.ROW(DataTypes.FIELD("points", DataTypes.ARRAY(DataTypes.DOUBLE()))))
                .adds(call -> List.of(DataTypes.FIELD("HOTSPOTS_RESULT", DataTypes.STRING())))
                .build();
    }
}
