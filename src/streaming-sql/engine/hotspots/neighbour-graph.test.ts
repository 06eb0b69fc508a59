import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NeighbourGraph } from './neighbour-graph.ts';
import { printHotspots } from './print-hotspots.ts';

type Point = readonly [number, number];

/** DBSCAN from its definition, over the whole window: clusters of mutually reachable core points. */
function coreClusters(points: readonly Point[], radius: number, minimum: number): string[][] {
  const near = (a: Point, b: Point): boolean => Math.hypot(a[0] - b[0], a[1] - b[1]) <= radius;
  const core = points.filter((point) => points.filter((other) => near(point, other)).length >= minimum);
  const left = new Set(core);
  const clusters: string[][] = [];
  for (const seed of core) {
    if (!left.delete(seed)) continue;
    const cluster = [seed];
    for (const member of cluster)
      for (const other of [...left]) if (near(member, other) && left.delete(other)) cluster.push(other);
    clusters.push(cluster.map((point) => point.join()).sort());
  }
  return clusters;
}

const point = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 }));

describe('the neighbours in a sliding window', () => {
  it('form the clusters that DBSCAN defines, whatever came and left before', () => {
    fc.assert(
      fc.property(
        fc.array(point, { maxLength: 90 }),
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 1, max: 3 }),
        (points, minimum, radius) => {
          const graph = new NeighbourGraph(2, 40, radius);
          for (const each of points) graph.add(each);
          const window = points.slice(-40);
          expect([...graph.points()].map((each) => each.join())).toEqual(window.map((each) => each.join()));
          const expected = coreClusters(window, radius, minimum);
          const found = graph.clusters(minimum).map((cluster) => cluster.map((each) => each.join()));
          expect(found.length).toBe(expected.length);
          for (const [index, cores] of expected.entries())
            for (const core of cores) expect(found[index]).toContain(core);
          const members = found.reduce((sum, cluster) => sum + cluster.length, 0);
          const reached = window.filter((each) =>
            expected
              .flat()
              .some(
                (core) =>
                  Math.hypot(each[0] - Number(core.split(',')[0]), each[1] - Number(core.split(',')[1])) <=
                  radius,
              ),
          );
          expect(members).toBe(reached.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('print as boxes with a density, the densest first', () => {
    const cluster = (...points: number[][]) => points.map((each) => Float64Array.from(each));
    const loose = cluster([0, 0], [2, 1], [1, 4]);
    const dense = cluster([9, 9], [9, 8]);
    expect(JSON.parse(printHotspots([loose, dense], 0.5))).toEqual({
      hotspots: [
        { density: 4, maxValues: [9, 9], minValues: [9, 8] },
        { density: 0.375, maxValues: [2, 4], minValues: [0, 0] },
      ],
    });
    expect(printHotspots([], 1)).toBe('{"hotspots":[]}');
  });
});
