package mesonet.flink.function;

import java.time.LocalDateTime;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.functions.AggregateFunction;

/**
 * EXP_AVG over a sliding window: weights halve every half-life going back from the newest row. What leaves the window is
 * subtracted; the error of that fades with the weights.
 */
public final class ExponentialAverage extends AggregateFunction<Double, ExponentialAverage.Sums> {
    private static final long serialVersionUID = 1L;

    /** Weighted sum and sum of weights as of the newest row's time, milliseconds since the epoch. */
    public static final class Sums {
        public long count = 0;
        public double sum = 0;
        public double weights = 0;
        public long time = 0;
    }

    @Override
    public Sums createAccumulator() {
        return new Sums();
    }

    public void accumulate(
            Sums sums, Double value, @DataTypeHint("TIMESTAMP(3)") LocalDateTime rowtime, Long halfLifeMillis) {
        if (value == null || rowtime == null) return;
        long time = RowTime.millisOf(rowtime);
        double decay = sums.count == 0 ? 0 : weight(sums.time - time, halfLifeMillis);
        sums.sum = sums.sum * decay + value;
        sums.weights = sums.weights * decay + 1;
        sums.time = time;
        sums.count++;
    }

    public void retract(
            Sums sums, Double value, @DataTypeHint("TIMESTAMP(3)") LocalDateTime rowtime, Long halfLifeMillis) {
        if (value == null || rowtime == null) return;
        double weight = weight(RowTime.millisOf(rowtime) - sums.time, halfLifeMillis);
        sums.count--;
        sums.sum = sums.count == 0 ? 0 : sums.sum - value * weight;
        sums.weights = sums.count == 0 ? 0 : sums.weights - weight;
    }

    @Override
    public Double getValue(Sums sums) {
        return sums.count == 0 ? null : (Double) (sums.sum / sums.weights);
    }

    private static double weight(long agoMillis, Long halfLifeMillis) {
        return Math.pow(2, (double) agoMillis / Math.max(1, halfLifeMillis));
    }
}
