package mesonet.flink.function;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import mesonet.flink.input.JsonText;

/** Clusters as DBSCAN finds them (Ester, Kriegel, Sander, Xu, KDD 1996), seeds in the order the points came. */
final class DenseRegions {
    private DenseRegions() {}

    /** A box around a cluster, and its points by its volume; a side without extent counts as the scan radius. */
    private record Box(double density, double[] greatest, double[] least) {}

    static List<List<double[]>> find(List<double[]> points, double radius, int minimum) {
        boolean[] isTaken = new boolean[points.size()];
        List<List<double[]>> clusters = new ArrayList<>();
        for (int seed = 0; seed < points.size(); seed++) {
            if (isTaken[seed] || neighbours(points, seed, radius).size() < minimum) continue;
            isTaken[seed] = true;
            clusters.add(expand(points, seed, radius, minimum, isTaken));
        }
        return clusters;
    }

    private static List<double[]> expand(
            List<double[]> points, int seed, double radius, int minimum, boolean[] isTaken) {
        List<Integer> members = new ArrayList<>(List.of(seed));
        for (int next = 0; next < members.size(); next++) {
            List<Integer> near = neighbours(points, members.get(next), radius);
            if (near.size() < minimum) continue;
            for (int other : near) {
                if (isTaken[other]) continue;
                isTaken[other] = true;
                members.add(other);
            }
        }
        return members.stream().map(points::get).toList();
    }

    private static List<Integer> neighbours(List<double[]> points, int of, double radius) {
        List<Integer> near = new ArrayList<>();
        for (int other = 0; other < points.size(); other++)
            if (squaredDistance(points.get(of), points.get(other)) <= radius * radius) near.add(other);
        return near;
    }

    private static double squaredDistance(double[] a, double[] b) {
        double sum = 0;
        for (int at = 0; at < a.length; at++) sum += (a[at] - b[at]) * (a[at] - b[at]);
        return sum;
    }

    /** HOTSPOTS_RESULT: the densest first. */
    static String print(List<List<double[]>> clusters, double radius) {
        List<Box> boxes = new ArrayList<>(clusters.stream().map(cluster -> box(cluster, radius)).toList());
        boxes.sort(Comparator.comparingDouble(Box::density).reversed());
        StringBuilder text = new StringBuilder("{\"hotspots\":[");
        String comma = "";
        for (Box box : boxes) {
            text.append(comma).append("{\"density\":").append(JsonText.printNumber(box.density()));
            numbers(text.append(",\"maxValues\":"), box.greatest());
            numbers(text.append(",\"minValues\":"), box.least());
            text.append('}');
            comma = ",";
        }
        return text.append("]}").toString();
    }

    private static Box box(List<double[]> points, double radius) {
        double[] least = points.get(0).clone();
        double[] greatest = points.get(0).clone();
        for (double[] point : points) {
            for (int at = 0; at < point.length; at++) {
                least[at] = Math.min(least[at], point[at]);
                greatest[at] = Math.max(greatest[at], point[at]);
            }
        }
        double volume = 1;
        for (int at = 0; at < least.length; at++)
            volume *= greatest[at] == least[at] ? radius : greatest[at] - least[at];
        return new Box(Math.min(points.size() / volume, Double.MAX_VALUE), greatest, least);
    }

    private static void numbers(StringBuilder text, double[] numbers) {
        text.append('[');
        for (int at = 0; at < numbers.length; at++)
            text.append(at == 0 ? "" : ",").append(JsonText.printNumber(numbers[at]));
        text.append(']');
    }
}
