/** A dense region: how many points for its size, and the box around them. */
interface Hotspot {
  readonly density: number;
  readonly maxValues: readonly number[];
  readonly minValues: readonly number[];
}

/**
 * HOTSPOTS_RESULT: JSON with every hotspot's density and its greatest and least value in each numeric column, the
 * densest first. The density is the number of points by the volume of the box around them; a side without extent
 * counts as the scan radius (SQL reference, "HOTSPOTS", output).
 */
export function printHotspots(clusters: readonly (readonly Float64Array[])[], scanRadius: number): string {
  const hotspots = clusters.map((points) => describe(points, scanRadius));
  hotspots.sort((a, b) => b.density - a.density);
  return JSON.stringify({ hotspots });
}

function describe(points: readonly Float64Array[], scanRadius: number): Hotspot {
  const minValues = [...(points[0] ?? [])];
  const maxValues = [...minValues];
  for (const point of points) {
    for (const [i, value] of point.entries()) {
      if (value < minValues[i]!) minValues[i] = value;
      if (value > maxValues[i]!) maxValues[i] = value;
    }
  }
  const volume = minValues.reduce((product, least, i) => product * (maxValues[i]! - least || scanRadius), 1);
  return { density: Math.min(points.length / volume, Number.MAX_VALUE), maxValues, minValues };
}
