/** Records that somebody else may have written, as JSON with a schema: bounded before anything is made of them. */
import * as z from 'zod';
import { recordValuesAtMost } from '../base/limits.ts';
import { holdsMore, nestsDeeper } from '../base/nesting.ts';

/** Issues of a record that are reported: a schema finds one for each wrong value. */
const issuesTold = 5;

/** @throws LaterForm; Error saying what is wrong with the text, in a few lines. */
export function parseRecord<T>(schema: z.ZodType<T>, text: string): T {
  if (nestsDeeper(text)) throw new Error('it nests without end');
  if (holdsMore(text, recordValuesAtMost)) throw new Error(`it holds more than ${recordValuesAtMost} values`);
  const value: unknown = JSON.parse(text);
  const later = laterForm(value);
  if (later !== null) throw later;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(z.prettifyError(new z.ZodError(parsed.error.issues.slice(0, issuesTold))));
}

/** The form that records of this version have. */
const form = 1;

const stampSchema = z.object({ v: z.int(), versions: z.object({ bettertogether: z.string().max(40) }).optional() });

/** `null`: the record is in a form of this version, or none. */
export function laterForm(value: unknown): LaterForm | null {
  const stamp = stampSchema.safeParse(value);
  if (!stamp.success || stamp.data.v <= form) return null;
  return new LaterForm(stamp.data.v, stamp.data.versions?.bettertogether ?? null);
}

/** A record is in a form that came after this version's. */
export class LaterForm extends Error {
  /** The version that wrote it; `null`: it does not say. */
  readonly version: string | null;

  constructor(v: number, version: string | null) {
    const writer = version === null ? 'a later version of BetterTogether' : `BetterTogether ${version}`;
    super(`${writer} wrote it in form ${v}, and this version reads form ${form}: update BetterTogether`);
    this.version = version;
  }
}
