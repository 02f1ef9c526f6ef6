import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import type { WrittenType } from './blocks.ts';
import { rewriteBlocks } from './blocks.ts';
import type { Tensor } from './gguf.ts';
import { ggmlTypes, ggufPieces, readGguf } from './gguf.ts';

/**
 * Writes the GGUF `from` to `to` with its Q4_1 tensors as `type`; all others stay as they are. Takes some seconds for
 * 100 MB, and memory for both files.
 *
 * @returns SHA-256 of the new file, hex.
 */
export async function convertModel(from: string, to: string, type: WrittenType): Promise<string> {
  const given = readGguf(await readFile(from));
  const tensors = given.tensors.map((tensor) => rewritten(tensor, type));
  const hash = createHash('sha256');
  const file = await open(to, 'w', 0o600);
  try {
    for (const piece of ggufPieces({ ...given, tensors }, type)) {
      hash.update(piece);
      await file.writeFile(piece);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

function rewritten(tensor: Tensor, type: WrittenType): Tensor {
  if (tensor.type !== ggmlTypes.q4_1) return tensor;
  const count = tensor.dimensions.reduce((product, length) => product * length, 1);
  return { ...tensor, type: ggmlTypes[type], data: rewriteBlocks(tensor.data, count, type) };
}
