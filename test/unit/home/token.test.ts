import { execFile } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { homeAt } from '../../../src/home/home.ts';
import type { Home } from '../../../src/home/home.ts';
import { ownToken, readToken } from '../../../src/home/token.ts';

let home: Home;
beforeEach(() => {
  home = homeAt(mkdtempSync(join(tmpdir(), 'bt-token-')));
});
afterEach(() => rmSync(home.root, { recursive: true, force: true }));

it('is made once, and is the same for all who come later', () => {
  const token = ownToken(home);
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect([ownToken(home), readToken(home.token)]).toEqual([token, token]);
  expect(readFileSync(home.token, 'utf8')).toBe(`${token}\n`);
  expect(readdirSync(home.root)).toEqual(['token']);
  expect(ownToken(homeAt(join(home.root, 'other')))).not.toBe(token);
});

it('is one, whoever makes it at the same time', async () => {
  const loader = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib', 'jiti-cli.mjs');
  const script = join(home.root, 'make.mts');
  const source = (name: string) => fileURLToPath(new URL(`../../../src/home/${name}.ts`, import.meta.url));
  writeFileSync(
    script,
    `import { homeAt } from ${JSON.stringify(source('home'))};\n` +
      `import { ownToken } from ${JSON.stringify(source('token'))};\n` +
      `process.stdout.write(ownToken(homeAt(${JSON.stringify(join(home.root, 'new'))})));\n`,
  );
  const run = promisify(execFile);
  const made = await Promise.all([1, 2, 3].map(() => run(process.execPath, [loader, script])));
  expect(new Set(made.map(({ stdout }) => stdout)).size).toBe(1);
}, 60_000);

it('is not made by who only asks', () => {
  expect(() => readToken(home.token)).toThrow(`${home.token}, the key of the embedded endpoint, is not there`);
});

it.each(['', 'no token', 'f'.repeat(63), `${'f'.repeat(64)}0`])('is not what else lies there: %j', (text) => {
  writeFileSync(home.token, text);
  for (const get of [() => ownToken(home), () => readToken(home.token)]) {
    expect(get).toThrow(`${home.token} is damaged`);
    expect(get).toThrow('Delete it');
    if (text !== '') expect(get).not.toThrow(text);
  }
});

it.skipIf(process.platform === 'win32')('is read through no link, and taken back where it was left open', () => {
  const token = ownToken(home);
  const linked = homeAt(mkdtempSync(join(home.root, 'other-')));
  symlinkSync(home.token, linked.token);
  expect(() => ownToken(linked)).toThrow('is a link');
  chmodSync(home.token, 0o644);
  expect(readToken(home.token)).toBe(token);
  expect(statSync(home.token).mode & 0o777).toBe(0o600);
});
