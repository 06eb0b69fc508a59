import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomSource } from '../random-source.ts';
import { SnapshotReader } from '../snapshot-reader.ts';
import { SnapshotWriter } from '../snapshot-writer.ts';
import { CutTree } from './cut-tree.ts';
import { loadCutTree, saveCutTree } from './cut-tree-snapshot.ts';

interface Subtree {
  readonly points: number[][];
  readonly leaves: number;
}

const boxOf = (tree: CutTree, node: number): [number[], number[]] => {
  const from = node * tree.dimensions;
  return [
    [...tree.low.slice(from, from + tree.dimensions)],
    [...tree.high.slice(from, from + tree.dimensions)],
  ];
};

/** Walks the tree and checks every invariant by definition. */
function check(tree: CutTree, node: number, parent: number): Subtree {
  expect(tree.parent[node]).toBe(parent);
  if (tree.isLeaf(node)) {
    const [point, same] = boxOf(tree, node);
    expect(same).toEqual(point);
    return { points: Array.from({ length: tree.mass[node]! }, () => point), leaves: 1 };
  }
  const inner = node - tree.capacity;
  const left = check(tree, tree.left[inner]!, node);
  const right = check(tree, tree.right[inner]!, node);
  const points = [...left.points, ...right.points];
  const dimension = tree.cutDimension[inner]!;
  expect(Math.max(...left.points.map((p) => p[dimension]!))).toBeLessThanOrEqual(tree.cutValue[inner]!);
  expect(Math.min(...right.points.map((p) => p[dimension]!))).toBeGreaterThan(tree.cutValue[inner]!);
  expect(tree.mass[node]).toBe(points.length);
  const sides = points[0]!.map((_, i) => points.map((p) => p[i]!));
  expect(boxOf(tree, node)).toEqual([
    sides.map((side) => Math.min(...side)),
    sides.map((side) => Math.max(...side)),
  ]);
  return { points, leaves: left.leaves + right.leaves };
}

const sorted = (points: readonly (readonly number[])[]): string[] =>
  points.map((point) => JSON.stringify(point)).sort();

const coordinate = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true, min: -1e6, max: 1e6 }));
const steps = fc.array(fc.tuple(fc.boolean(), coordinate, coordinate, fc.nat()), { maxLength: 60 });

/** Runs insertions and deletions; answers the tree and the points it should hold. */
function run(plan: readonly (readonly [boolean, number, number, number])[], seed: number) {
  const tree = new CutTree(2, 24);
  const random = new RandomSource(seed);
  const held: { leaf: number; point: number[] }[] = [];
  for (const [removing, x, y, choice] of plan) {
    if ((removing && held.length > 0) || held.length === 24) {
      const [gone] = held.splice(choice % held.length, 1);
      tree.remove(gone!.leaf);
    } else held.push({ leaf: tree.insert(Float64Array.of(x || 0, y || 0), random), point: [x || 0, y || 0] });
  }
  return { tree, random, points: held.map(({ point }) => point) };
}

describe('a random cut tree', () => {
  it('holds exactly its points, within tight boxes, parted by its cuts, after any insertions and deletions', () => {
    fc.assert(
      fc.property(steps, fc.nat(), (plan, seed) => {
        const { tree, points } = run(plan, seed);
        expect(tree.size).toBe(points.length);
        if (points.length === 0) return;
        const found = check(tree, tree.root, -1);
        expect(sorted(found.points)).toEqual(sorted(points));
        expect(found.leaves).toBe(new Set(sorted(points)).size);
      }),
      { numRuns: 300 },
    );
  });

  it('goes on the same after it was saved and loaded', () => {
    fc.assert(
      fc.property(steps, fc.nat(), (plan, seed) => {
        const { tree, random, points } = run(plan, seed);
        const writer = new SnapshotWriter();
        saveCutTree(tree, writer);
        random.save(writer);
        const reader = new SnapshotReader(writer.finish());
        const [copy, again] = [new CutTree(2, 24), new RandomSource(0)];
        loadCutTree(copy, reader);
        again.load(reader);
        expect(reader.atEnd).toBe(true);
        const point = Float64Array.of(5, 5);
        if (points.length < 24) {
          tree.insert(point, random);
          copy.insert(point, again);
        }
        const bytes = [tree, copy].map((each) => {
          const after = new SnapshotWriter();
          saveCutTree(each, after);
          return after.finish();
        });
        expect(bytes[1]).toEqual(bytes[0]);
        if (copy.size > 0) check(copy, copy.root, -1);
      }),
      { numRuns: 100 },
    );
  });

  it('draws the first cut of a dimension in proportion to the side of the box', () => {
    const random = new RandomSource(7);
    let long = 0;
    for (let i = 0; i < 4000; i++) {
      const tree = new CutTree(2, 24);
      tree.insert(Float64Array.of(0, 0), random);
      tree.insert(Float64Array.of(3, 1), random);
      if (tree.cutDimension[tree.root - tree.capacity] === 0) long++;
    }
    expect(long / 4000).toBeCloseTo(0.75, 1);
  });

  it('has the shapes that a tree of the remaining points alone would have, once a point is deleted', () => {
    const shapes = (build: (random: RandomSource) => CutTree): Map<string, number> => {
      const random = new RandomSource(11);
      const counts = new Map<string, number>();
      for (let i = 0; i < 6000; i++) {
        const tree = build(random);
        const print = (node: number): string =>
          tree.isLeaf(node)
            ? String(tree.low[node])
            : `(${print(tree.left[node - tree.capacity]!)} ${print(tree.right[node - tree.capacity]!)})`;
        counts.set(print(tree.root), (counts.get(print(tree.root)) ?? 0) + 1);
      }
      return counts;
    };
    const insertAll = (values: readonly number[], random: RandomSource, tree = new CutTree(1, 24)) => ({
      tree,
      leaves: values.map((value) => tree.insert(Float64Array.of(value), random)),
    });
    const alone = shapes((random) => insertAll([0, 1, 5], random).tree);
    const deleted = shapes((random) => {
      const { tree, leaves } = insertAll([5, 9, 0, 1], random);
      tree.remove(leaves[1]!);
      return tree;
    });
    expect([...alone.keys()].sort()).toEqual(['((0 1) 5)', '(0 (1 5))']);
    expect((alone.get('((0 1) 5)') ?? 0) / 6000).toBeCloseTo(0.8, 1);
    expect((deleted.get('((0 1) 5)') ?? 0) / 6000).toBeCloseTo(0.8, 1);
  });
});
