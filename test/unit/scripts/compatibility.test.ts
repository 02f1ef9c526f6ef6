import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const root = join(import.meta.dirname, '..', '..', '..');
const script = new URL('../../../scripts/compatibility.mjs', import.meta.url).href;
const dspyScript = new URL('../../../scripts/dspy.mjs', import.meta.url).href;

interface Script {
  readonly compatibilityPage: () => Promise<string>;
  readonly pageFile: () => string;
  readonly tableFile: (name: string) => string;
}
const { compatibilityPage, pageFile, tableFile } = (await import(script)) as Script;
const { dspyVersions } = (await import(dspyScript)) as { readonly dspyVersions: readonly string[] };

const table = <T>(name: string, row: z.ZodType<T>): readonly T[] =>
  z.array(row).parse(JSON.parse(readFileSync(tableFile(name), 'utf8')));

it('docs/compatibility.md is the page that its tables make (node scripts/compatibility.mjs writes it)', async () => {
  expect(readFileSync(pageFile(), 'utf8')).toBe(await compatibilityPage());
});

describe('versions of DSPy', () => {
  const counts = z.string().regex(/^([1-9]\d* passed(, [1-9]\d* left out)?|not run)$/);
  const versionSchema = z.strictObject({
    dspy: z.string(),
    goldens: counts,
    host: counts,
    parity: counts,
    python: z.string().regex(/^3\.\d+\.\d+$/),
    ran: z.iso.date(),
  });

  it('each that the tests know has its line (npm run test:versions writes it)', () => {
    expect(table('dspy.json', versionSchema).map(({ dspy }) => dspy)).toEqual(dspyVersions);
  });

  it('the oldest is the oldest that the host takes', () => {
    const host = readFileSync(join(root, 'python/host/bettertogether_host/installed_dspy.py'), 'utf8');
    const [, major, minor] = /^OLDEST, FIRST_UNKNOWN = \((\d+), (\d+)\)/m.exec(host)!;
    expect(dspyVersions.at(-1)).toBe(`${major}.${minor}.0`);
  });
});

describe('what older versions of DSPy do otherwise', () => {
  const rows = table('olderDspy.json', z.object({ what: z.string(), before: z.string() }));
  const folders = ['test/parity/dspy', 'python/host/tests'].map((folder) => join(root, folder));
  const sources = folders.flatMap((folder) =>
    readdirSync(folder)
      .map((name) => join(folder, name))
      .filter((file) => /\.(ts|py)$/.test(file))
      .map((file) => readFileSync(file, 'utf8')),
  );

  it.each(rows)('a test is about $what', ({ what }) => {
    expect(sources.some((text) => text.includes(`'${what}'`))).toBe(true);
  });

  it.each(rows)('$what: one of the versions that are run is from before $before', ({ before }) => {
    const numbers = (version: string) => version.split('.').slice(0, 2).map(Number) as [number, number];
    const [major, minor] = numbers(before);
    const isBefore = (version: string) => {
      const [theirs, ours] = numbers(version);
      return theirs < major || (theirs === major && ours < minor);
    };
    expect(dspyVersions.some(isBefore)).toBe(true);
    expect(dspyVersions.every(isBefore)).toBe(false);
  });
});
