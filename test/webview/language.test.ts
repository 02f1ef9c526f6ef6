/**
 * No text of a page is forgotten: with a language in which every string is marked, all that a page shows is marked, or it
 * is what the run wrote. Constants of the sources are strings too, so they are imported after the language is set up.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as l10n from '@vscode/l10n';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenPage, Target } from './page.ts';
import { tabs, unfold, unfoldTab } from './everything.ts';

const file = new URL('../../l10n/bundle.l10n.json', import.meta.url);
const english = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string | { readonly message: string }>;
const strings = Object.fromEntries(
  Object.entries(english).map(([key, text]) => [key, `⟦${typeof text === 'string' ? text : text.message}⟧`]),
);
l10n.config({ contents: strings });
const { buildPage, openPage, startBrowser } = await import('./page.ts');
const { reportHtml } = await import('../../src/report/report.ts');
const { capitalized } = await import('../../src/view/words.ts');
const { findComparison } = await import('../../src/run/compare/comparisonFolder.ts');
const { treeStep, writeSampleRun } = await import('../fakes/sampleRun.ts');
const { comparedSeeds, comparedStrategies, writeSampleComparison } = await import('../fakes/sampleComparison.ts');
const { listedRuns, tableRun } = await import('../fakes/sampleRuns.ts');

let workspace: string;
let browser: Browser;
let bundle: Awaited<ReturnType<typeof buildPage>>;

beforeAll(async () => {
  workspace = mkdtempSync(join(tmpdir(), 'bt-language-'));
  [browser, bundle] = await Promise.all([startBrowser(), buildPage()]);
});
afterAll(async () => {
  await browser.close();
  rmSync(workspace, { recursive: true, force: true });
});

/** Names that are the same in every language: splits, the state that a run begins with, formats. */
const names = ['dev', 'test', 'train', 'Dev', 'Test', 'Train', 'baseline', 'start', 'CSV'];
/** Words of messages that say how something stands: a page has its own for each. */
const states = [
  'running',
  'finished',
  'stopped',
  'crashed',
  'waiting',
  'done',
  'skipped',
  'failed',
  'stoppedEarly',
  'budget',
  'cancelled',
];
const quantity = /^[\d.,%$~–−+±<:()TZ-]*(?:s|ms|min|h|k|M|KiB|MiB|GiB)?$/;
/** Steps of strategies, and the letters that runs are told apart by. */
const letter = /^\p{L}$/u;

/** What is shown without being a string of the language, nor what the run wrote. */
async function forgotten(page: Page, data: ReadonlySet<string>): Promise<readonly string[]> {
  const texts = await page.evaluate(() => {
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node: Node | null = walker.root; node !== null; node = walker.nextNode()) {
      if (
        node instanceof Text &&
        node.parentElement?.closest(':is(script, style, pre, code, time):not(.hidden)') === null
      )
        found.push(node.data);
      if (!(node instanceof Element)) continue;
      for (const name of ['title', 'aria-label', 'placeholder']) found.push(node.getAttribute(name) ?? '');
    }
    return found;
  });
  return [...new Set(texts.map(plain))].filter((text) => !isKnown(text, data));
}

const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

function isKnown(text: string, data: ReadonlySet<string>): boolean {
  const rest = plain(withoutMarked(text));
  return (
    isData(rest, data) ||
    rest.split(/[\n,;:()·→|×[\]]|->|✕|\s–\s/).every((part) => isData(part.trim().replace(/^(?:\d+|[A-Z]) /, ''), data))
  );
}

const isData = (text: string, data: ReadonlySet<string>): boolean =>
  !/\p{L}/u.test(text) ||
  text.split(' ').every((word) => quantity.test(word)) ||
  letter.test(text) ||
  names.includes(text) ||
  data.has(text);

/** Strings may stand in strings. */
function withoutMarked(text: string): string {
  const less = text.replaceAll(/⟦[^⟦⟧]*⟧/g, ' ');
  return less === text ? text : withoutMarked(less);
}

/** All texts in a value, names of fields among them. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return [...(Array.isArray(value) ? [] : Object.keys(value)), ...Object.values(value).flatMap(textsIn)];
}

function dataOf(told: readonly unknown[]): ReadonlySet<string> {
  const lines = told.flatMap(textsIn).flatMap((text) => [text, ...text.split(/[\n,:]/)]);
  const texts = lines.map(plain).filter((text) => !text.includes('⟦') && !states.includes(text));
  return new Set(texts.flatMap((text) => [text, capitalized(text)]));
}

/** Texts of files, as they are and by line. */
function writtenIn(folder: string): ReadonlySet<string> {
  const lines = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.jsonl?$/.test(name))
    .flatMap((name) => {
      const text = readFileSync(join(folder, name), 'utf8');
      return name.endsWith('l') ? text.split('\n').filter((line) => line !== '') : [text];
    });
  return dataOf(lines.map((line): unknown => JSON.parse(line)));
}

async function opened(target: Target, use: (open: OpenPage, look: () => Promise<void>) => Promise<void>) {
  const open = await openPage(browser, target, { bundle, language: { name: 'en', strings } });
  const found = new Set<string>();
  const look = async () => {
    for (const text of await forgotten(open.page, dataOf(open.told))) found.add(text);
  };
  try {
    await use(open, look);
    expect([...found]).toEqual([]);
    expect(open.offences).toEqual([]);
  } finally {
    await open.close();
  }
}

describe('the page of a run', () => {
  for (const strategy of ['p -> w -> p', treeStep] as const) {
    it(`has no text that cannot be translated: ${strategy}`, async () => {
      const run = await writeSampleRun({ workspace, strategy, partly: true });
      await opened(run, async ({ page }, look) => {
        for (const tab of tabs) await unfoldTab(page, tab, look);
      });
    });
  }

  it('would not forget a text either', async () => {
    const run = await writeSampleRun({ workspace, strategy: 'p', memo: false });
    const { page, told, close } = await openPage(browser, run, { bundle, language: { name: 'en', strings } });
    await page.evaluate(() =>
      document.querySelector('main')!.insertAdjacentHTML('beforeend', '<p title="So">Hello</p>'),
    );
    expect(await forgotten(page, dataOf(told))).toEqual(['So', 'Hello']);
    await close();
  });
});

describe('the other pages', () => {
  it('of runs side by side and of a comparison have no text that cannot be translated', async () => {
    const runs = [];
    for (const strategy of comparedStrategies) {
      runs.push(
        await Promise.all(comparedSeeds.map((seed) => writeSampleRun({ workspace, strategy, seed, memo: false }))),
      );
    }
    const record = await writeSampleComparison(workspace, runs);
    const chosen = { root: workspace, runs: [runs[1]![0]!.id, runs[3]![0]!.id], id: null };
    for (const target of [record, chosen]) {
      await opened(target, async ({ page }, look) => {
        await unfold(page);
        await look();
      });
    }
    const comparison = (await findComparison(workspace, record.id!))!;
    await readReport(await reportHtml({ kind: 'comparison', comparison }, new Date(0)), writtenIn(workspace));
  });

  it('with all runs has none', async () => {
    const items = (['finished', 'stopped', 'crashed', 'running'] as const).map((status, i) =>
      tableRun(`run-${i}`, { status, seed: i, minutes: i, half: i === 0 ? null : 10, madeHere: i !== 1 }),
    );
    for (const all of [items, []]) {
      await opened(listedRuns(all), async ({ page }, look) => {
        await unfold(page);
        await look();
        for (const box of await page.locator('.rows-body input').all()) {
          await box.click();
          await unfold(page);
          await look();
        }
      });
    }
  });
});

describe('the report of a run', () => {
  it('has no text that cannot be translated', async () => {
    const run = await writeSampleRun({ workspace });
    await readReport(await reportHtml({ kind: 'run', run }, new Date(0)), writtenIn(run.folder));
  });
});

async function readReport(html: string, data: ReadonlySet<string>): Promise<void> {
  const path = join(workspace, 'report.html');
  writeFileSync(path, html);
  const page = await browser.newPage();
  await page.goto(pathToFileURL(path).href);
  expect(await forgotten(page, data)).toEqual([]);
  await page.close();
}
