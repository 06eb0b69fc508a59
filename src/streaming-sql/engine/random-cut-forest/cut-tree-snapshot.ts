import type { SnapshotReader } from '../snapshot-reader.ts';
import type { SnapshotWriter } from '../snapshot-writer.ts';
import { loadNumbers, saveNumbers } from '../typed-array-snapshot.ts';
import type { CutTree } from './cut-tree.ts';

/** Writes leaves, cuts and children; boxes, masses and parents of inner nodes follow from them. */
export function saveCutTree(tree: CutTree, writer: SnapshotWriter): void {
  const { leafTop, innerTop, freeLeaves, freeInner } = tree.slots;
  const inner = innerTop - tree.capacity;
  writer.float64(tree.root);
  writer.uint32(leafTop);
  writer.uint32(innerTop);
  writer.values(freeLeaves);
  writer.values(freeInner);
  saveNumbers(writer, tree.low, leafTop * tree.dimensions);
  saveNumbers(writer, tree.mass, leafTop);
  for (const numbers of [tree.left, tree.right, tree.cutDimension, tree.cutValue])
    saveNumbers(writer, numbers, inner);
}

/** Reads back into a new tree of the same dimensions and capacity. */
export function loadCutTree(tree: CutTree, reader: SnapshotReader): void {
  tree.root = reader.float64();
  tree.slots = {
    leafTop: reader.uint32(),
    innerTop: reader.uint32(),
    freeLeaves: reader.values() as number[],
    freeInner: reader.values() as number[],
  };
  loadNumbers(reader, tree.low);
  tree.high.set(tree.low);
  loadNumbers(reader, tree.mass);
  for (const numbers of [tree.left, tree.right, tree.cutDimension, tree.cutValue])
    loadNumbers(reader, numbers);
  if (tree.root >= 0) tree.settle(tree.root, -1);
}
