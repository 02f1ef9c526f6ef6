import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const script = new URL('../../../scripts/compatibility.mjs', import.meta.url).href;

interface Script {
  readonly compatibilityPage: () => Promise<string>;
  readonly pageFile: () => string;
}

it('docs/compatibility.md is the page that its tables make (node scripts/compatibility.mjs writes it)', async () => {
  const { compatibilityPage, pageFile } = (await import(script)) as Script;
  expect(readFileSync(pageFile(), 'utf8')).toBe(await compatibilityPage());
});
