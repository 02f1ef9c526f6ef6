/** Seeded damage to files and messages: bytes as disks and networks spoil them, values as people and programs do. */
import type { PythonRandom } from '../../src/engine/pythonRandom.ts';

/** Pieces that have broken parsers before. */
const pieces = [
  '',
  '\u0000',
  '\uFEFF',
  '\n',
  '\r\n',
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '//',
  '/*',
  'null',
  'true',
  '-1',
  '1e999',
  'NaN',
  '\\u0000',
  '\\',
  '"__proto__":',
  'é',
  '\u2028',
  '${HOME}',
  '../../',
] as const;

/** Values that pass for others until somebody looks. */
const values: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  '',
  ' ',
  '0',
  'true',
  'null',
  '__proto__',
  '../../../etc/passwd',
  '\u0000',
  'x'.repeat(5000),
  [],
  {},
  [[]],
  [null],
  { __proto__: null, constructor: 1 },
];

/** One to three injuries to `bytes`. */
export function mutateBytes(bytes: Buffer, random: PythonRandom): Buffer {
  let out = bytes;
  for (let i = random.randint(1, 3); i > 0; i--) out = injure(out, random);
  return out;
}

function injure(bytes: Buffer, random: PythonRandom): Buffer {
  const at = random.randint(0, bytes.length);
  const end = Math.min(bytes.length, at + random.randint(1, 40));
  const [before, cut, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
  switch (random.randint(0, 6)) {
    case 0:
      return before;
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, cut, cut, after]);
    case 3:
      return Buffer.concat([before, Buffer.from(random.choice(pieces)), cut, after]);
    case 4:
      return Buffer.concat([before, Buffer.from(Array.from(cut, () => random.randint(0, 255))), after]);
    case 5:
      return Buffer.concat([after, before]);
    default: {
      const flipped = Buffer.from(bytes);
      if (at < bytes.length) flipped[at]! ^= 1 << random.randint(0, 7);
      return flipped;
    }
  }
}

/** A copy of a JSON value in which one to three places are changed: replaced, left out, renamed, doubled. */
export function mutateValue(value: unknown, random: PythonRandom): unknown {
  let out: unknown = structuredClone(value);
  for (let i = random.randint(1, 3); i > 0; i--) out = change(out, random);
  return out;
}

function change(value: unknown, random: PythonRandom): unknown {
  if (typeof value !== 'object' || value === null || random.randint(0, 3) === 0) return random.choice(values);
  const keys = Object.keys(value);
  if (keys.length === 0) return random.choice(values);
  const key = random.choice(keys);
  if (Array.isArray(value)) return changeArray(value as readonly unknown[], Number(key), random);
  const record = value as Readonly<Record<string, unknown>>;
  const { [key]: old, ...others } = record;
  switch (random.randint(0, 5)) {
    case 0:
      return others;
    case 1:
      return { ...others, [`${key}${random.choice(['s', ' ', '_', ''])}x`]: old };
    case 2:
      return { ...record, [key]: random.choice(values) };
    case 3:
      return {
        ...record,
        [random.choice(['extra', 'constructor', 'toString', 'hasOwnProperty'])]: random.choice(values),
      };
    default:
      return { ...record, [key]: change(old, random) };
  }
}

function changeArray(list: readonly unknown[], at: number, random: PythonRandom): unknown {
  switch (random.randint(0, 3)) {
    case 0:
      return list.filter((_, i) => i !== at);
    case 1:
      return [...list, list[at]];
    default:
      return list.map((item, i) => (i === at ? change(item, random) : item));
  }
}
