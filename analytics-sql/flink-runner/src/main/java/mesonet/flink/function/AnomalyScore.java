package mesonet.flink.function;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.dataview.ListView;
import org.apache.flink.table.api.dataview.MapView;
import org.apache.flink.table.catalog.DataTypeFactory;
import org.apache.flink.table.functions.ProcessTableFunction;
import org.apache.flink.table.types.inference.TypeInference;
import org.apache.flink.types.Row;

/**
 * RANDOM_CUT_FOREST and RANDOM_CUT_FOREST_WITH_EXPLANATION: each row scored against the rows before it, then learned. The
 * forest is that of the randomcutforest library: its random cuts, and so its scores, are others than the embedded
 * engine's. The forest itself is only now and then part of the state; between these times the points learned are.
 */
public final class AnomalyScore extends ProcessTableFunction<Row> {
    private static final long serialVersionUID = 1L;
    private static final int POINTS_BETWEEN_SNAPSHOTS = 1_000;

    private transient ScoringForest forest;
    private transient int learnedSinceSnapshot;

    public void eval(
            Context context,
            Row settings,
            MapView<Long, Row[]> waiting,
            Row snapshot,
            ListView<Double[]> learned,
            Row input,
            String columns,
            Integer trees,
            Integer sample,
            Integer decay,
            Integer shingle,
            String explanation)
            throws Exception {
        settings.setField(0, columns);
        settings.setField(1, trees);
        settings.setField(2, sample);
        settings.setField(3, decay);
        settings.setField(4, shingle);
        settings.setField(5, explanation);
        TimedInput.hold(context, waiting, input);
    }

    public void onTimer(
            OnTimerContext context,
            Row settings,
            MapView<Long, Row[]> waiting,
            Row snapshot,
            ListView<Double[]> learned)
            throws Exception {
        String[] names = Points.names((String) settings.getField(0));
        int[] columns = TimedInput.indexes(context, names);
        if (forest == null) restore(settings, names, snapshot, learned);
        String explanation = (String) settings.getField(5);
        for (Row row : TimedInput.release(waiting, context.timeContext(Long.class).time())) {
            double[] point = Points.of(row, columns);
            collect(TimedInput.extend(row, judge(point, names, explanation)));
            if (point != null) learn(point, snapshot, learned);
        }
    }

    private Object[] judge(double[] point, String[] names, String explanation) {
        boolean isExplained = !explanation.equals("none");
        if (point == null) return isExplained ? new Object[] {null, null} : new Object[] {null};
        double score = forest.score(point);
        if (!isExplained) return new Object[] {score};
        return new Object[] {score, forest.explain(point, names, explanation.equals("directions"))};
    }

    private void learn(double[] point, Row snapshot, ListView<Double[]> learned) throws Exception {
        forest.learn(point);
        Double[] boxed = new Double[point.length];
        for (int at = 0; at < point.length; at++) boxed[at] = point[at];
        learned.add(boxed);
        if (++learnedSinceSnapshot < POINTS_BETWEEN_SNAPSHOTS) return;
        snapshot.setField(0, forest.save());
        learned.clear();
        learnedSinceSnapshot = 0;
    }

    private void restore(Row settings, String[] names, Row snapshot, ListView<Double[]> learned) throws Exception {
        byte[] saved = (byte[]) snapshot.getField(0);
        forest =
                saved != null
                        ? ScoringForest.load(saved)
                        : new ScoringForest(
                                names.length,
                                (Integer) settings.getField(1),
                                (Integer) settings.getField(2),
                                (Integer) settings.getField(3),
                                (Integer) settings.getField(4));
        learnedSinceSnapshot = 0;
        for (Double[] boxed : learned.get()) {
            double[] point = new double[boxed.length];
            for (int at = 0; at < point.length; at++) point[at] = boxed[at];
            forest.learn(point);
            learnedSinceSnapshot++;
        }
    }

    @Override
    public TypeInference getTypeInference(DataTypeFactory types) {
        return new TimedSignature(
                        DataTypes.FIELD("columns", DataTypes.STRING()),
                        DataTypes.FIELD("trees", DataTypes.INT()),
                        DataTypes.FIELD("sample", DataTypes.INT()),
                        DataTypes.FIELD("decay", DataTypes.INT()),
                        DataTypes.FIELD("shingle", DataTypes.INT()),
                        DataTypes.FIELD("explanation", DataTypes.STRING()))
                .state("snapshot", DataTypes.ROW(DataTypes.FIELD("forest", DataTypes.BYTES())))
                .state("learned", ListView.newListViewDataType(DataTypes.ARRAY(DataTypes.DOUBLE())))
                .adds(
                        call -> {
                            List<DataTypes.Field> added = new ArrayList<>();
                            added.add(DataTypes.FIELD("ANOMALY_SCORE", DataTypes.DOUBLE()));
                            String explanation = call.getArgumentValue(6, String.class).orElse("none");
                            if (!explanation.equals("none"))
                                added.add(DataTypes.FIELD("ANOMALY_EXPLANATION", DataTypes.STRING()));
                            return added;
                        })
                .build();
    }
}
