import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { convertModel } from '../../../../src/embedded/forms/convert.ts';
import type { GgufFile } from '../../../../src/embedded/forms/gguf.ts';
import { ggmlTypes, ggufPieces, readGguf } from '../../../../src/embedded/forms/gguf.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gguf-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function entry(key: string, type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(key.length));
  return Buffer.concat([head, Buffer.from(key), Buffer.from([type, 0, 0, 0]), value]);
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** A Q4_1 block: scale 0.5, offset -2, and the numbers 0 to 15, then 15 to 0: weights from -2 to 5.5. */
const block = Buffer.from([0x00, 0x38, 0x00, 0xc0, ...Array.from({ length: 16 }, (_none, i) => i | ((15 - i) << 4))]);
const levels = [...Array.from({ length: 16 }, (_none, i) => i), ...Array.from({ length: 16 }, (_none, i) => 15 - i)];
const weights = levels.map((level) => level * 0.5 - 2);

const strings = Buffer.concat([Buffer.from([8, 0, 0, 0]), u64(2), u64(1), Buffer.from('a'), u64(2), Buffer.from('bc')]);
const sample: GgufFile = {
  metadata: Buffer.concat([
    entry('tokens', 9, strings),
    entry('numbers', 9, Buffer.concat([Buffer.from([4, 0, 0, 0]), u64(1), Buffer.from([7, 0, 0, 0])])),
    entry('general.file_type', 4, Buffer.from([3, 0, 0, 0])),
    entry('flag', 7, Buffer.from([1])),
  ]),
  metadataCount: 4n,
  fileTypeAt: null,
  alignment: 32,
  tensors: [
    {
      name: Buffer.from('blk.0.ffn_up.weight'),
      dimensions: [32, 2],
      type: ggmlTypes.q4_1,
      data: Buffer.concat([block, block]),
    },
    { name: Buffer.from('norm'), dimensions: [2], type: 0, data: Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]) },
  ],
};

async function converted(type: 'q8_0' | 'bf16' | 'q4_0'): Promise<{ file: GgufFile; hash: string; bytes: Buffer }> {
  const from = join(folder, 'from.gguf');
  await writeFile(from, Buffer.concat([...ggufPieces(sample, 'q4_1')]));
  const to = join(folder, `${type}.gguf`);
  const hash = await convertModel(from, to, type);
  const bytes = await readFile(to);
  return { file: readGguf(bytes), hash, bytes };
}

describe('convertModel', () => {
  it('writes bfloat16 that holds the very weights', async () => {
    const { file } = await converted('bf16');
    const [up] = file.tensors;
    const values = Array.from({ length: 64 }, (_none, i) =>
      new Float32Array(new Uint32Array([up!.data.readUInt16LE(2 * i) << 16]).buffer).at(0),
    );
    expect(values).toEqual([...weights, ...weights]);
  });

  it('writes Q8_0 as ggml does: the largest of a block is 127, and halves go away from zero', async () => {
    const { file } = await converted('q8_0');
    const data = file.tensors[0]!.data.subarray(0, 34);
    // 5.5 / 127 as a 16-bit float.
    expect(data.readUInt16LE(0)).toBe(0x298b);
    expect([...new Int8Array(data.subarray(2))].slice(0, 16)).toEqual([
      -46, -35, -23, -12, 0, 12, 23, 35, 46, 58, 69, 81, 92, 104, 115, 127,
    ]);
  });

  it('writes Q4_0 as ggml does: the weight of largest size is -8 steps', async () => {
    const { file } = await converted('q4_0');
    const data = file.tensors[0]!.data.subarray(0, 18);
    // 5.5 / -8.
    expect(data.readUInt16LE(0)).toBe(0xb980);
    expect([...data.subarray(2)].map((pair) => pair & 15)).toEqual([11, 10, 9, 9, 8, 7, 7, 6, 5, 4, 4, 3, 2, 1, 1, 0]);
  });

  it('leaves metadata and other tensors as they are, but says the new type', async () => {
    const { file, hash, bytes } = await converted('q8_0');
    expect(hash).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(file.metadata.readUInt32LE(file.fileTypeAt!)).toBe(7);
    const said = Buffer.from(file.metadata);
    said.writeUInt32LE(3, file.fileTypeAt!);
    expect(said.equals(sample.metadata)).toBe(true);
    const [up, norm] = file.tensors;
    expect([up!.type, norm!.type]).toEqual([ggmlTypes.q8_0, 0]);
    expect(norm!.dimensions).toEqual([2]);
    expect(norm!.data.subarray(0, 8).equals(sample.tensors[1]!.data)).toBe(true);
  });

  it('takes no other file for a GGUF', () => {
    expect(() => readGguf(Buffer.from('PK\u0003\u0004 and more bytes'))).toThrow(/no GGUF of version 3/);
  });
});
