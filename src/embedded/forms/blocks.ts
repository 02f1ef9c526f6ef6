/**
 * Blocks of 32 weights as ggml stores them (ggml-quants.c, the reference functions): Q4_1 is read; Q8_0, Q4_0 and
 * bfloat16 are written. A scale is a 16-bit float.
 */
import type { TensorType } from './gguf.ts';

export const blockLength = 32;

/** Bytes that a block takes. */
const blockBytes = { q4_0: 18, q4_1: 20, q8_0: 34, bf16: 64 } as const satisfies Record<TensorType, number>;

/** The types that blocks are written in. */
export type WrittenType = Exclude<TensorType, 'q4_1'>;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

const halves = new Float32Array(65536);
for (let half = 0; half < halves.length; half++) halves[half] = halfValue(half);

function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest 16-bit float, ties to even. Scales are finite and small: infinities and NaN do not occur. */
function toHalf(value: number): number {
  const sign = value < 0 ? 0x8000 : 0;
  const size = Math.abs(value);
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  // In units of the last place; what rounds up into the next power of two carries into the exponent by itself.
  const units = roundToEven(size / 2 ** (exponent - 10));
  return size === 0 ? sign : sign | ((exponent + 14) * 1024 + units);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** Writes the Q4_1 blocks of `data` as blocks of `type`; `count` weights, a multiple of 32. */
export function rewriteBlocks(data: Buffer, count: number, type: WrittenType): Buffer {
  const blocks = count / blockLength;
  const size = blockBytes[type];
  const written = Buffer.allocUnsafe(blocks * size);
  const write = { q8_0: writeQ8, q4_0: writeQ4, bf16: writeBfloat }[type];
  const weights = new Float32Array(blockLength);
  for (let block = 0; block < blocks; block++) {
    readQ4Offset(data, block * blockBytes.q4_1, weights);
    write(weights, written, block * size);
  }
  return written;
}

/** Q4_1: a scale, an offset, and 32 numbers of 4 bits; the low halves of the bytes are the first 16. */
function readQ4Offset(from: Buffer, at: number, weights: Float32Array): void {
  const scale = halves[from[at]! | (from[at + 1]! << 8)]!;
  const offset = halves[from[at + 2]! | (from[at + 3]! << 8)]!;
  for (let i = 0; i < 16; i++) {
    const pair = from[at + 4 + i]!;
    weights[i] = (pair & 15) * scale + offset;
    weights[i + 16] = (pair >> 4) * scale + offset;
  }
}

/** Q8_0: a scale and 32 signed bytes. */
function writeQ8(weights: Float32Array, to: Buffer, at: number): void {
  let largest = 0;
  for (let i = 0; i < blockLength; i++) largest = Math.max(largest, Math.abs(weights[i]!));
  const scale = Math.fround(largest / 127);
  const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
  to.writeUInt16LE(toHalf(scale), at);
  for (let i = 0; i < blockLength; i++) {
    const value = Math.fround(weights[i]! * inverse);
    // Half away from zero, as C rounds.
    to[at + 2 + i] = Math.trunc(value < 0 ? value - 0.5 : value + 0.5);
  }
}

/** Q4_0: a scale, and 32 numbers from -8 to 7 in 4 bits. The weight of largest size is met exactly. */
function writeQ4(weights: Float32Array, to: Buffer, at: number): void {
  let largest = 0;
  for (const weight of weights) if (Math.abs(weight) > Math.abs(largest)) largest = weight;
  const scale = Math.fround(largest / -8);
  const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
  to.writeUInt16LE(toHalf(scale), at);
  const level = (weight: number): number => Math.min(15, Math.trunc(Math.fround(Math.fround(weight * inverse) + 8.5)));
  for (let i = 0; i < 16; i++) to[at + 2 + i] = level(weights[i]!) | (level(weights[i + 16]!) << 4);
}

/** The upper half of a 32-bit float, rounded to the nearest, ties to even. */
function writeBfloat(weights: Float32Array, to: Buffer, at: number): void {
  for (let i = 0; i < blockLength; i++) {
    float[0] = weights[i]!;
    const rounded = (bits[0]! + 0x7fff + ((bits[0]! >>> 16) & 1)) >>> 16;
    to[at + 2 * i] = rounded & 255;
    to[at + 2 * i + 1] = rounded >>> 8;
  }
}
