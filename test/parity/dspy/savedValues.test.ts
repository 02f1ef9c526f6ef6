/** Demos in an exported state, value by value, against the file that DSPy's own `save` writes of the same demos. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { exactText } from '../../../src/base/exact.ts';
import { HumanError } from '../../../src/base/errors.ts';
import { fieldsSchema } from '../../../src/data/fields.ts';
import { asDspySaves } from '../../../src/run/export/dspyValue.ts';
import { savedOtherwise } from '../../../src/run/export/savedOtherwise.ts';
import { dspyPython } from '../../system/dspyPython.ts';
import { skipWhereOlder } from './olderDspy.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** `saved: null`: DSPy raises. `same`: its `load` gives the value back. */
const kindsSchema = z.record(
  z.string(),
  z.object({ fields: fieldsSchema, saved: z.string().nullable(), same: z.boolean() }),
);

let kinds: z.infer<typeof kindsSchema>;
beforeAll(() => {
  const args = ['-W', 'ignore', path('./savedValues.py'), path('../../../python/host')];
  const env = { ...process.env, LITELLM_LOCAL_MODEL_COST_MAP: 'True', PYTHONDONTWRITEBYTECODE: '1' };
  kinds = kindsSchema.parse(JSON.parse(execFileSync(dspyPython(), args, { env, encoding: 'utf8' })));
}, 120_000);

/** In the table of docs/compatibility.md. */
const refused = 'refused, as DSPy raises';

/** Without the spaces between values. */
const compact = (text: string): string => text.replaceAll(/([:,])\s+|\s*\n\s*/g, '$1');

/** What we write of each kind; `null` where we refuse it. */
function exported(): Readonly<Record<string, string | null>> {
  const written = Object.entries(kinds).map(([kind, { fields }]) => {
    try {
      return [kind, compact(exactText(asDspySaves(fields['value']!, 'The field "value"')))] as const;
    } catch (error) {
      expect(error, kind).toBeInstanceOf(HumanError);
      return [kind, null] as const;
    }
  });
  return Object.fromEntries(written);
}

describe('the value of a demo', () => {
  it('stands in an exported state as DSPy saves it, and is refused where DSPy raises', (test) => {
    skipWhereOlder(test, 'values in saved states');
    const theirs = Object.entries(kinds).map(([kind, { saved }]) => [kind, saved === null ? null : compact(saved)]);
    expect(exported()).toEqual(Object.fromEntries(theirs));
  });

  it('is told where it loads as another', (test) => {
    skipWhereOlder(test, 'values in saved states');
    // States hold no members of the user's enums: our own hosts make them anew, by what the signature says.
    const unknown = ['Enum', 'IntEnum'];
    const saved = Object.entries(kinds).filter(([kind, { saved: text }]) => text !== null && !unknown.includes(kind));
    const told = saved.map(([kind, { fields }]) => {
      const predictors = { answer: { instructions: '', model: 'm', demos: [{ fields, augmented: false }] } };
      return [kind, savedOtherwise({ predictors }).length > 0];
    });
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(saved.map(([kind, { same }]) => [kind, !same])));
  });

  it('stands in an exported state as in docs/compatibility.md, whatever DSPy is installed', () => {
    const told = z
      .array(z.object({ kind: z.string(), saved: z.string() }))
      .parse(JSON.parse(readFileSync(path('../../../docs/compatibility/savedValues.json'), 'utf8')));
    const rows = told.map(({ kind, saved }) => [kind, saved === refused ? null : compact(saved)]);
    expect(exported()).toEqual(Object.fromEntries(rows));
  });
});
