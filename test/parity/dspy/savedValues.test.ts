/** Demos in an exported state, value by value, against the file that DSPy's own `save` writes of the same demos. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { exactText } from '../../../src/data/exact.ts';
import { HumanError } from '../../../src/data/errors.ts';
import { fieldsSchema } from '../../../src/data/fieldsSchema.ts';
import { asDspySaves } from '../../../src/run/dspyValue.ts';
import { dspyPython } from '../../system/dspyPython.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** `saved: null`: DSPy raises. */
const kindsSchema = z.record(z.string(), z.object({ fields: fieldsSchema, saved: z.string().nullable() }));

let kinds: z.infer<typeof kindsSchema>;
beforeAll(() => {
  const args = ['-W', 'ignore', path('./savedValues.py'), path('../../../python/host')];
  kinds = kindsSchema.parse(JSON.parse(execFileSync(dspyPython(), args, { encoding: 'utf8' })));
}, 120_000);

/** Without the spaces between values. */
const compact = (text: string): string => text.replaceAll(/([:,])\s+|\s*\n\s*/g, '$1');

describe('the value of a demo', () => {
  it('stands in an exported state as DSPy saves it, and is refused where DSPy raises', () => {
    const ours = Object.entries(kinds).map(([kind, { fields }]) => {
      try {
        return [kind, compact(exactText(asDspySaves(fields['value']!, 'The field "value"')))];
      } catch (error) {
        expect(error, kind).toBeInstanceOf(HumanError);
        return [kind, null];
      }
    });
    const theirs = Object.entries(kinds).map(([kind, { saved }]) => [kind, saved === null ? null : compact(saved)]);
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
  });

  it('stands in docs/compatibility.md', () => {
    const rows = Object.entries(kinds).map(([kind, { saved }]) => ({
      kind,
      saved: saved ?? 'refused, as DSPy raises',
    }));
    expect(JSON.parse(readFileSync(path('../../../docs/compatibility/savedValues.json'), 'utf8'))).toEqual(rows);
  });
});
