package mesonet.flink.function;

import com.amazon.randomcutforest.RandomCutForest;
import com.amazon.randomcutforest.returntypes.DiVector;
import com.amazon.randomcutforest.state.RandomCutForestMapper;
import com.amazon.randomcutforest.state.RandomCutForestState;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import mesonet.flink.input.JsonText;

/** A random cut forest of the randomcutforest library, with the service's parameters and form of explanation. */
final class ScoringForest {
    private static final long SEED = 20_160_619L;
    private static final int DECIMALS = 4;

    private final RandomCutForest forest;

    private ScoringForest(RandomCutForest forest) {
        this.forest = forest;
    }

    ScoringForest(int columns, int trees, int sample, int decay, int shingle) {
        this(
                RandomCutForest.builder()
                        .dimensions(columns * shingle)
                        .shingleSize(shingle)
                        .internalShinglingEnabled(shingle > 1)
                        .numberOfTrees(trees)
                        .sampleSize(sample)
                        .outputAfter(sample)
                        .timeDecay(1.0 / decay)
                        .randomSeed(SEED)
                        .build());
    }

    /** 0 while the first points are learned. */
    double score(double[] point) {
        return forest.isOutputReady() ? forest.getAnomalyScore(point) : 0;
    }

    void learn(double[] point) {
        forest.update(point);
    }

    /** ANOMALY_EXPLANATION: each column's share of the score, with its direction where asked for. */
    String explain(double[] point, String[] names, boolean hasDirections) {
        DiVector shares = forest.isOutputReady() ? forest.getAnomalyAttribution(point) : null;
        StringBuilder text = new StringBuilder("{");
        for (int column = 0; column < names.length; column++) {
            double high = shares == null ? 0 : sum(shares.high, column, names.length);
            double low = shares == null ? 0 : sum(shares.low, column, names.length);
            if (column > 0) text.append(',');
            JsonText.printString(names[column], text);
            text.append(":{");
            if (hasDirections)
                text.append("\"DIRECTION\":\"")
                        .append(high > low ? "HIGH" : "LOW")
                        .append("\",\"STRENGTH\":\"")
                        .append(fixed(Math.abs(high - low)))
                        .append("\",");
            text.append("\"ATTRIBUTION_SCORE\":\"").append(fixed(high + low)).append("\"}");
        }
        return text.append('}').toString();
    }

    private static double sum(double[] shares, int column, int columns) {
        double sum = 0;
        for (int at = column; at < shares.length; at += columns) sum += shares[at];
        return sum;
    }

    private static String fixed(double value) {
        return new BigDecimal(value).setScale(DECIMALS, RoundingMode.HALF_UP).toPlainString();
    }

    byte[] save() throws IOException {
        RandomCutForestMapper mapper = new RandomCutForestMapper();
        mapper.setSaveTreeStateEnabled(true);
        mapper.setSaveExecutorContextEnabled(true);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream objects = new ObjectOutputStream(bytes)) {
            objects.writeObject(mapper.toState(forest));
        }
        return bytes.toByteArray();
    }

    static ScoringForest load(byte[] bytes) throws IOException, ClassNotFoundException {
        try (ObjectInputStream objects = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            return new ScoringForest(new RandomCutForestMapper().toModel((RandomCutForestState) objects.readObject()));
        }
    }
}
