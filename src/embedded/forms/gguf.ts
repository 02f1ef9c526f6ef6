/**
 * The parts of a GGUF file (ggml's specification of the format, version 3) that are needed to write it again with other tensor types.
 * Numbers are little-endian; the metadata is copied as it is.
 */
import { HumanError } from '../../base/errors.ts';

/** Numbers of `enum ggml_type`. */
export const ggmlTypes = { q4_0: 2, q4_1: 3, q8_0: 8, bf16: 30 } as const;
export type TensorType = keyof typeof ggmlTypes;

/** Numbers of `enum llama_ftype`, which a file says of most of its tensors. */
const fileTypes: Readonly<Record<TensorType, number>> = { q4_0: 2, q4_1: 3, q8_0: 7, bf16: 32 };

export interface Tensor {
  readonly name: Buffer;
  /** The first is the length of a row. */
  readonly dimensions: readonly number[];
  /** A number of `enum ggml_type`. */
  readonly type: number;
  readonly data: Buffer;
}

export interface GgufFile {
  /** All metadata as they stand in the file, and how many there are. */
  readonly metadata: Buffer;
  readonly metadataCount: bigint;
  /** Where in `metadata` the value of `general.file_type` is; `null`: it is not said. */
  readonly fileTypeAt: number | null;
  /** Bytes to whose multiples tensors are padded. */
  readonly alignment: number;
  readonly tensors: readonly Tensor[];
}

const magic = 'GGUF';
const version = 3;
const valueSizes: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};
const stringValue = 8;
const arrayValue = 9;

/** Walks over the file's head. */
class Reader {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u32(): number {
    this.at += 4;
    return this.#bytes.readUInt32LE(this.at - 4);
  }

  u64(): bigint {
    this.at += 8;
    return this.#bytes.readBigUInt64LE(this.at - 8);
  }

  string(): Buffer {
    const length = Number(this.u64());
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  skipValue(type: number): void {
    if (type === stringValue) this.string();
    else if (type === arrayValue) this.#skipArray();
    else this.at += sizeOf(type);
  }

  #skipArray(): void {
    const type = this.u32();
    const count = Number(this.u64());
    if (type !== stringValue && type !== arrayValue) this.at += count * sizeOf(type);
    else for (let i = 0; i < count; i++) this.skipValue(type);
  }
}

function sizeOf(type: number): number {
  const size = valueSizes[type];
  if (size === undefined) throw new HumanError(`The model file has metadata of the unknown type ${String(type)}.`);
  return size;
}

/** @throws HumanError when the bytes are no GGUF of version 3; RangeError when they end too early. */
export function readGguf(bytes: Buffer): GgufFile {
  if (bytes.toString('latin1', 0, 4) !== magic || bytes.readUInt32LE(4) !== version)
    throw new HumanError('The model file is no GGUF of version 3.');
  const reader = new Reader(bytes);
  reader.at = 8;
  const tensorCount = Number(reader.u64());
  const metadataCount = reader.u64();
  const begin = reader.at;
  let alignment = 32;
  let fileTypeAt: number | null = null;
  for (let i = 0n; i < metadataCount; i++) {
    const key = reader.string().toString();
    const type = reader.u32();
    if (key === 'general.alignment') alignment = bytes.readUInt32LE(reader.at);
    if (key === 'general.file_type') fileTypeAt = reader.at - begin;
    reader.skipValue(type);
  }
  const metadata = bytes.subarray(begin, reader.at);
  const heads = Array.from({ length: tensorCount }, () => tensorHead(reader));
  const tensors = withData(heads, bytes.subarray(padded(reader.at, alignment)));
  return { metadata, metadataCount, fileTypeAt, alignment, tensors };
}

interface TensorHead extends Omit<Tensor, 'data'> {
  readonly offset: number;
}

function tensorHead(reader: Reader): TensorHead {
  const name = reader.string();
  const dimensions = Array.from({ length: reader.u32() }, () => Number(reader.u64()));
  return { name, dimensions, type: reader.u32(), offset: Number(reader.u64()) };
}

/** A tensor's data reaches to where the next one begins, padding included. */
function withData(heads: readonly TensorHead[], data: Buffer): readonly Tensor[] {
  const ends = [...heads.map(({ offset }) => offset), data.length].sort((a, b) => a - b);
  return heads.map(({ offset, ...head }) => {
    const end = ends.find((other) => other > offset) ?? data.length;
    return { ...head, data: data.subarray(offset, end) };
  });
}

/** The file in pieces, to be written one after the other; it says of itself that most tensors are of `type`. */
export function* ggufPieces(file: GgufFile, type: TensorType): Generator<Buffer> {
  const { metadata, metadataCount, fileTypeAt, alignment, tensors } = file;
  const said = Buffer.from(metadata);
  if (fileTypeAt !== null) said.writeUInt32LE(fileTypes[type], fileTypeAt);
  const head = [Buffer.from(magic), u32(version), u64(tensors.length), u64(metadataCount), said];
  let offset = 0;
  for (const { name, dimensions, type: stored, data } of tensors) {
    head.push(u64(name.length), name, u32(dimensions.length), ...dimensions.map(u64), u32(stored), u64(offset));
    offset = padded(offset + data.length, alignment);
  }
  for (const bytes of [Buffer.concat(head), ...tensors.map(({ data }) => data)]) {
    yield bytes;
    yield Buffer.alloc(padded(bytes.length, alignment) - bytes.length);
  }
}

function padded(length: number, alignment: number): number {
  return Math.ceil(length / alignment) * alignment;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
