import type { SnapshotReader } from '../snapshot-reader.ts';
import type { SnapshotWriter } from '../snapshot-writer.ts';
import { loadNumbers, saveNumbers } from '../typed-array-snapshot.ts';
import type { CutTree } from './cut-tree.ts';

/** Writes leaves, cuts and children; boxes, masses and parents of inner nodes follow from them. */
export function saveCutTree(tree: CutTree, writer: SnapshotWriter): void {
  writer.float64(tree.root);
  tree.leaves.save(writer);
  tree.inner.save(writer);
  saveNumbers(writer, tree.low, tree.leaves.count * tree.dimensions);
  saveNumbers(writer, tree.mass, tree.leaves.count);
  for (const numbers of [tree.left, tree.right, tree.cutDimension, tree.cutValue])
    saveNumbers(writer, numbers, tree.inner.count);
}

/** Reads back into a new tree of the same dimensions and capacity. */
export function loadCutTree(tree: CutTree, reader: SnapshotReader): void {
  tree.root = reader.float64();
  tree.leaves.load(reader);
  tree.inner.load(reader);
  loadNumbers(reader, tree.low);
  tree.high.set(tree.low);
  loadNumbers(reader, tree.mass);
  for (const numbers of [tree.left, tree.right, tree.cutDimension, tree.cutValue])
    loadNumbers(reader, numbers);
  if (tree.root >= 0) tree.settle(tree.root, -1);
}
