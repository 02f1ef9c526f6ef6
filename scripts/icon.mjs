/** Draws `media/icon.png` (128 × 128): the two rings of `media/icon.svg`, prompts and weights. Run by hand. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { root } from './packages.mjs';

const size = 128;
const background = [28, 32, 44];
const rings = [
  { x: 48, y: 64, radius: 31, color: [92, 200, 255] },
  { x: 80, y: 64, radius: 31, color: [255, 184, 77] },
];
const halfWidth = 5;
const corner = 24;

/** How much of a pixel is covered, by the distance to the shape's edge (negative: inside). */
const coverage = (distance) => Math.min(1, Math.max(0, 0.5 - distance));
const mix = (below, above, share) => below.map((value, i) => value + (above[i] - value) * share);

function pixel(x, y) {
  let color = background;
  for (const ring of rings) {
    const distance = Math.abs(Math.hypot(x - ring.x, y - ring.y) - ring.radius) - halfWidth;
    color = mix(color, ring.color, coverage(distance));
  }
  const [dx, dy] = [x, y].map((value) => Math.max(0, Math.abs(value - size / 2) - (size / 2 - corner)));
  return [...color, 255 * coverage(Math.hypot(dx, dy) - corner)].map(Math.round);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body) >>> 0, body.length + 4);
  return framed;
}

const header = Buffer.alloc(13);
header.writeUInt32BE(size, 0);
header.writeUInt32BE(size, 4);
// 8 bits a channel, colour with alpha.
header.set([8, 6, 0, 0, 0], 8);
const rows = Array.from({ length: size }, (_, y) => [
  0,
  ...Array.from({ length: size }, (_, x) => pixel(x + 0.5, y + 0.5)).flat(),
]);
const png = [
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  chunk('IHDR', header),
  chunk('IDAT', deflateSync(Buffer.from(rows.flat()), { level: 9 })),
  chunk('IEND', Buffer.alloc(0)),
];
writeFileSync(join(root, 'media', 'icon.png'), Buffer.concat(png));
