package mesonet.flink.function;

import org.apache.flink.types.Row;

/** A row as a point of its numeric columns. */
final class Points {
    /** Between the names of columns in an argument. */
    private static final String SEPARATOR = "\u001f";

    private Points() {}

    static String[] names(String columns) {
        return columns.split(SEPARATOR);
    }

    /** Null where one of the columns is NULL. */
    static double[] of(Row row, int[] columns) {
        double[] point = new double[columns.length];
        for (int at = 0; at < columns.length; at++) {
            if (!(row.getField(columns[at]) instanceof Number number)) return null;
            point[at] = number.doubleValue();
        }
        return point;
    }
}
