/**
 * The run view in a real browser, on its real host side: only VS Code between the two is played, and its content
 * security policy is the one the extension sets.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { bundleWebview } from '../../scripts/build.mjs';
import { findChromium } from '../../scripts/chromium.mjs';
import type { RunLocation } from '../../src/run/record/runFolder.ts';
import type { Effects } from '../../src/page/answer.ts';
import { ComparisonReader } from '../../src/page/comparisonReader.ts';
import type { Compared } from '../../src/page/comparisonReader.ts';
import { comparisonSource } from '../../src/page/comparisonSource.ts';
import { pageOf } from '../../src/page/html.ts';
import type { PageView } from '../../src/page/html.ts';
import { RunReader } from '../../src/page/runReader.ts';
import { runSource } from '../../src/page/runSource.ts';
import { runTableSource } from '../../src/page/runTableSource.ts';
import type { ListedRuns } from '../../src/page/runTableSource.ts';
import { PageSession } from '../../src/page/pageSession.ts';
import type { PageSource } from '../../src/page/pageSession.ts';
import { fonts, themes } from './themes.ts';
import type { ThemeName } from './themes.ts';

const origin = 'http://webview.test';

export async function startBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('No Chromium: run `npm test`, which installs one, or set CHROMIUM.');
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}

/** The bundle of the page, built from the sources as they are. */
export async function buildPage(): Promise<{ readonly script: string; readonly style: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'bt-webview-'));
  try {
    await bundleWebview(folder);
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
    return { script: read('webview.js'), style: read('webview.css') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface OpenPage {
  readonly page: Page;
  /** What the page did that it must not: errors, CSP violations, requests beyond its own two files. */
  readonly offences: readonly string[];
  /** What the host was asked to do in the editor. */
  readonly effects: readonly (readonly [string, ...unknown[]])[];
  /** Milliseconds from the navigation until the picture of the run was drawn. */
  readonly firstPaint: number;
  /** What the host has told and answered. */
  readonly told: readonly unknown[];
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly bundle: { readonly script: string; readonly style: string };
  readonly theme?: ThemeName;
  readonly state?: unknown;
  readonly size?: { readonly width: number; readonly height: number };
  readonly liveEvery?: number;
  /** Of the page; the host speaks the language that the test has set up. */
  readonly language?: { readonly name: string; readonly strings: Readonly<Record<string, string>> };
}

/** What a page is opened on: a run, runs side by side, or all runs of a window. */
export type Target = RunLocation | Compared | ListedRuns;

export async function openPage(browser: Browser, target: Target, options: OpenOptions): Promise<OpenPage> {
  const { bundle, theme = 'dark', state = null, size = { width: 1280, height: 900 } } = options;
  const offences: string[] = [];
  const effects: [string, ...unknown[]][] = [];
  const told: unknown[] = [];
  const page = await browser.newPage({ viewport: size });
  page.on('pageerror', (error) => offences.push(`error: ${error.message}`));
  page.on('console', (line) => {
    if (line.type() === 'error' || line.type() === 'warning') offences.push(`console: ${line.text()}`);
  });
  await page.route('**/*', (route) => {
    const path = route.request().url();
    if (path === `${origin}/`) return route.fulfill({ contentType: 'text/html', body: html(viewOf(target), options) });
    if (path === `${origin}/webview.js`) return route.fulfill({ contentType: 'text/javascript', body: bundle.script });
    if (path === `${origin}/webview.css`) return route.fulfill({ contentType: 'text/css', body: bundle.style });
    offences.push(`request: ${path}`);
    return route.abort();
  });
  await page.addInitScript(playVsCode, {
    state,
    theme: themes[theme].class,
    variables: { ...fonts, ...themes[theme].variables },
  });
  const session = new PageSession({
    source: await sourceOf(target, effects),
    // As text: Playwright takes long over large objects.
    post: (message) => {
      told.push(message);
      void page
        .evaluate((text) => window.postMessage(JSON.parse(text), '*'), JSON.stringify(message))
        .catch(() => undefined);
    },
    onBug: (what, error) => offences.push(`host: ${what}: ${String(error)}`),
    liveEvery: options.liveEvery ?? 100,
  });
  await page.exposeFunction('toHost', (message: unknown) => void session.receive(message));
  await page.exposeFunction('violated', (what: string) => void offences.push(`csp: ${what}`));
  await page.goto(`${origin}/`);
  await page.waitForFunction(() => 'drawn' in window);
  const firstPaint = await page.evaluate(() => (window as unknown as { drawn: number }).drawn);
  return {
    page,
    offences,
    effects,
    firstPaint,
    told,
    async close() {
      session.dispose();
      await page.close();
    },
  };
}

function viewOf(target: Target): PageView {
  if ('all' in target) return { kind: 'runTable' };
  return 'runs' in target ? { kind: 'comparison', ...target } : { kind: 'run', run: target };
}

async function sourceOf(target: Target, effects: [string, ...unknown[]][]): Promise<PageSource> {
  if ('all' in target) {
    const note =
      (name: string) =>
      (...args: unknown[]) => {
        effects.push([name, ...args]);
        return Promise.resolve();
      };
    return runTableSource(target, { act: note('act'), copyNumbers: note('copyNumbers') });
  }
  if (!('runs' in target)) return runSource(await RunReader.open(target, () => true), recorded(effects));
  const openRun = (...args: unknown[]): Promise<void> => {
    effects.push(['openRun', ...args]);
    return Promise.resolve();
  };
  return comparisonSource(await ComparisonReader.open(target), 'Runs of rivers', { openRun });
}

function html(view: PageView, { language }: OpenOptions): string {
  return pageOf({
    script: `${origin}/webview.js`,
    style: `${origin}/webview.css`,
    source: origin,
    nonce: 'bm9uY2U=',
    styleNonce: 'c3R5bGU=',
    title: 'rivers',
    view,
    language: language?.name ?? 'en',
    strings: language?.strings ?? null,
  });
}

/** Runs in the page, before anything else there. */
function playVsCode({
  state,
  theme,
  variables,
}: {
  state: unknown;
  theme: string;
  variables: Record<string, string>;
}): void {
  const host = window as unknown as {
    toHost(message: unknown): void;
    violated(what: string): void;
    kept: unknown;
    drawn: number;
  };
  host.kept = state;
  Object.assign(window, {
    acquireVsCodeApi: () => ({
      postMessage: (message: unknown) => host.toHost(message),
      getState: () => host.kept ?? undefined,
      setState: (next: unknown) => (host.kept = next),
    }),
  });
  document.addEventListener('securitypolicyviolation', (event) =>
    host.violated(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`),
  );
  // The root is there a moment later than this script, and both come before the page's own.
  const dress = () => {
    for (const [name, value] of Object.entries(variables)) document.documentElement.style.setProperty(name, value);
  };
  new MutationObserver((_, observer) => {
    if (document.documentElement === null) return;
    observer.disconnect();
    dress();
  }).observe(document, { childList: true });
  document.addEventListener('DOMContentLoaded', () => document.body.classList.add(theme));
  new MutationObserver((_, observer) => {
    if (document.querySelector('header h1') === null) return;
    observer.disconnect();
    // Painted before the second frame from now.
    requestAnimationFrame(() => requestAnimationFrame(() => (host.drawn = performance.now())));
  }).observe(document, { childList: true, subtree: true });
}

function recorded(effects: [string, ...unknown[]][]): Effects {
  const note =
    (name: string) =>
    (...args: unknown[]) => {
      effects.push([name, ...args]);
      return Promise.resolve();
    };
  return {
    openDiff: note('openDiff'),
    openSource: note('openSource'),
    copy: note('copy'),
    act: note('act'),
    openRun: note('openRun'),
    placeOf: () => null,
  };
}
