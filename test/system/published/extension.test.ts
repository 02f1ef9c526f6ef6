/** The extension as it is published: what a stranger downloads. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, it } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { namedElsewhere } from './namedElsewhere.ts';

const allowed = [
  /^\[Content_Types\]\.xml$/,
  /^extension\.vsixmanifest$/,
  /^extension\/(package\.json|package\.nls(\.\w+)?\.json|readme\.md|changelog\.md|LICENSE\.txt)$/,
  /^extension\/l10n\/bundle\.l10n(\.\w+)?\.json$/,
  /^extension\/dist\/ThirdPartyNotices\.txt$/,
  /^extension\/dist\/(cli|embedded|extension|host|sdk|supervise|webview)\.js$/,
  /^extension\/dist\/[\w-]+-[A-Z0-9]{8}\.js$/,
  /^extension\/dist\/webview\.css$/,
  /^extension\/dist\/babel\.cjs$/,
  /^extension\/dist\/tree-sitter[\w-]*\.wasm$/,
  /^extension\/dist\/sample\/(python|typescript)\/[\w.]+$/,
  /^extension\/dist\/types\/[\w/]+\.d\.ts$/,
  /^extension\/media\/[\w-]+\.(png|svg)$/,
  /^extension\/schema\/[\w.]+\.json$/,
  /^extension\/docs\/[a-z-]+\.md$/,
  /^extension\/skills\/[\w/-]+\/SKILL\.md$/,
  /^extension\/python\/(host|trainer)\/pyproject\.toml$/,
  /^extension\/python\/trainer\/requirements\.txt$/,
  /^extension\/python\/host\/(launch|bettertogether_host\/[\w/]+)\.py$/,
  /^extension\/python\/trainer\/bettertogether_trainer\/[\w/]+\.py$/,
];

let folder: string;
let bytes: number;
let files: Readonly<Record<string, Uint8Array>>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bettertogether-vsix-'));
  const vsix = join(folder, 'bettertogether.vsix');
  const script = fileURLToPath(new URL('../../../scripts/vsix.mjs', import.meta.url));
  execFileSync(process.execPath, [script, vsix], { stdio: 'pipe' });
  bytes = statSync(vsix).size;
  files = unzipSync(readFileSync(vsix));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = (name: string): string => Buffer.from(files[`extension/${name}`] ?? []).toString('utf8');

it('is smaller than 3 MB', () => {
  expect(bytes).toBeLessThan(3e6);
});

it('holds what runs and what is shown, and nothing else', () => {
  expect(Object.keys(files).filter((name) => !allowed.some((pattern) => pattern.test(name)))).toEqual([]);
});

it('holds every file that its manifest names', () => {
  const named = [...JSON.stringify(packageJson).matchAll(/"(?:\.\/)?((?:dist|media|schema|skills)\/[^"*]+\.\w+)"/g)];
  const paths = named.map(([, path]) => `extension/${path}`).filter((path) => !path.endsWith('media/README.md'));
  expect(paths.length).toBeGreaterThan(5);
  expect(paths.filter((path) => !(path in files))).toEqual([]);
});

it('holds every chunk that another asks for', () => {
  const scripts = Object.keys(files).filter((name) => /^extension\/dist\/[^/]+\.js$/.test(name));
  const asked = scripts.flatMap((name) =>
    [
      ...Buffer.from(files[name]!)
        .toString('utf8')
        .matchAll(/(?:from|import\(?)"\.\/([\w-]+-[A-Z0-9]{8}\.js)"/g),
    ].map(([, chunk]) => `extension/dist/${chunk}`),
  );
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.filter((name) => !(name in files))).toEqual([]);
});

it('knows the language of the editor before it loads what says something', () => {
  const first = [...text('dist/extension.js').matchAll(/from"\.\/([\w-]+\.js)"/g)].map(([, chunk]) =>
    text(`dist/${chunk}`),
  );
  expect(first.filter((chunk) => chunk.includes('vscode.l10n.bundle'))).toHaveLength(1);
  expect(text('dist/extension.js')).toMatch(/import\("\.\/openSession-/);
});

it('has a page of its own, which asks the repository for nothing', () => {
  expect(text('readme.md')).toMatch(/^# BetterTogether\n/);
  const targets = [...text('readme.md').matchAll(/\]\(([^)]*)\)|(?:src|href)="([^"]*)"/g)];
  for (const [, link, attribute] of targets) expect(link ?? attribute).toMatch(/^(https:|#)/);
});

it('names no file outside the repository that it was built from', () => {
  expect(namedElsewhere(Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes)]))).toEqual([]);
});

it('names the licences of all that is bundled', () => {
  for (const name of ['openai', 'undici', 'zod', 'jiti', 'lit', '@vscode/tree-sitter-wasm', 'vscode-jsonrpc']) {
    expect(text('dist/ThirdPartyNotices.txt')).toMatch(new RegExp(`^${name} \\d`, 'm'));
  }
});
