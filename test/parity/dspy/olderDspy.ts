/** What versions before the newest do otherwise: the table docs/compatibility/olderDspy.json, by the names in it. */
import { readFileSync } from 'node:fs';
import type { TestContext } from 'vitest';
import * as z from 'zod';

const rowsSchema = z.array(z.object({ what: z.string(), before: z.string().regex(/^\d+\.\d+$/), dspy: z.string() }));
const table = new URL('../../../docs/compatibility/olderDspy.json', import.meta.url);
const rows = rowsSchema.parse(JSON.parse(readFileSync(table, 'utf8')));

/** The version that the tests run with (scripts/dspy.mjs). */
export const dspyVersion = process.env['BETTERTOGETHER_DSPY'] ?? '3.4.1';

/** Whether the version of the tests is one of those that do `what` otherwise. */
export function isOlder(what: string): boolean {
  return numberOf(dspyVersion) < numberOf(rowOf(what).before);
}

/** Leaves a test out that expects what a newer DSPy does, and says what this one does instead. */
export function skipWhereOlder({ skip }: Pick<TestContext, 'skip'>, what: string): void {
  skip(isOlder(what), `DSPy ${dspyVersion}: ${what}: ${rowOf(what).dspy}`);
}

function rowOf(what: string): z.infer<typeof rowsSchema>[number] {
  const row = rows.find((each) => each.what === what);
  if (row === undefined) throw new Error(`docs/compatibility/olderDspy.json has no row "${what}".`);
  return row;
}

/** Of major and minor version, in their order. */
function numberOf(version: string): number {
  const [major, minor] = version.split('.').map(Number);
  return major! * 1000 + minor!;
}
