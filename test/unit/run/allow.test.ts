/** What a person allowed agents, and what is left of it. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { resolveProgram } from '../../../src/config/resolve.ts';
import { goesOn, heldByRun, leftOf, settled, usedOf, withHolding, withSpent } from '../../../src/run/allow/account.ts';
import {
  allowanceFile,
  changeAllowance,
  putAllowance,
  readAllowance,
  removeAllowance,
} from '../../../src/run/allow/allowance.ts';
import { missingTerms, termsOf } from '../../../src/run/allow/terms.ts';
import { makeWorkspace } from '../cli/workspace.ts';
import { temporaryFolder } from './folder.ts';

let folder: string;
const before = process.env['XDG_DATA_HOME'];
beforeAll(() => {
  process.env['XDG_DATA_HOME'] = temporaryFolder();
});
afterAll(() => {
  if (before === undefined) delete process.env['XDG_DATA_HOME'];
  else process.env['XDG_DATA_HOME'] = before;
});
beforeEach(() => {
  folder = makeWorkspace();
});

const termsIn = async (program: string, strategy?: string) =>
  termsOf(await resolveProgram(await loadConfig(folder), program, { strategy }, folder));

const allow = (calls: number | null, usd: number | null = null, workspace = folder) =>
  putAllowance({ workspace, program: 'local', created: '2026-01-01', terms: ['a'], budget: { calls, usd } }, goesOn);

describe('terms', () => {
  it('name hosts, keys, code, data and the endpoint as it is written', async () => {
    const terms = await termsIn('remote');
    expect(terms).toEqual(
      expect.arrayContaining([
        'api.example.com',
        'train.example.com',
        `code ${join(folder, 'program.ts')}#Intents`,
        `data ${join(folder, 'train.jsonl')}`,
        'address https://api.example.com/v1',
        'model m at lab',
        expect.stringMatching(/^answers of at most \d+ tokens$/),
        expect.stringMatching(/^endpoint lab as it is written \([0-9a-f]{12}\)$/),
      ]),
    );
  });

  it('cover fewer steps, and not those that send rows elsewhere', async () => {
    const prompts = await termsIn('promptsOnly');
    expect(missingTerms(await termsIn('remote'), prompts)).toEqual([]);
    expect(missingTerms(prompts, await termsIn('promptsOnly', 'p -> w'))).toEqual(['train.example.com']);
  });

  it('are others for another model, of the program or of a step, and for longer answers', async () => {
    const terms = await termsIn('local');
    const file = join(folder, 'bettertogether.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as { programs: { local: object } };
    const changed = async (change: object) => {
      const programs = { ...config.programs, local: { ...config.programs.local, ...change } };
      writeFileSync(file, JSON.stringify({ ...config, programs }));
      return missingTerms(terms, await termsIn('local'));
    };
    expect(await changed({ model: 'dear' })).toEqual(['model dear at local']);
    expect(await changed({ p: { teacher: { model: 'dear' } } })).toEqual(['model dear at local']);
    expect(await changed({ sampling: { maxTokens: 9999 } })).toEqual(['answers of at most 9999 tokens']);
    expect(await changed({ seed: 3 })).toEqual([]);
  });

  it('are others for another price or key, and the same for another pace', async () => {
    const terms = await termsIn('local');
    const file = join(folder, 'bettertogether.json');
    const text = readFileSync(file, 'utf8');
    const changed = async (change: object) => {
      const config = JSON.parse(text) as { endpoints: { local: object } };
      writeFileSync(
        file,
        JSON.stringify({ ...config, endpoints: { local: { ...config.endpoints.local, ...change } } }),
      );
      return missingTerms(terms, await termsIn('local'));
    };
    expect(await changed({ concurrency: 3 })).toEqual([]);
    expect(await changed({ prices: { '*': { input: 0, output: 0 } } })).toEqual([
      expect.stringContaining('endpoint local'),
    ]);
    expect(await changed({ apiKeyEnv: 'K' })).toEqual(
      expect.arrayContaining(['address http://127.0.0.1:8000/v1 with K', expect.stringContaining('endpoint local')]),
    );
  });
});

describe('an allowance', () => {
  it('is there for its workspace and program alone, until it is taken back', async () => {
    await allow(100);
    expect((await readAllowance(folder, 'local'))?.budget).toEqual({ calls: 100, usd: null });
    expect(await readAllowance(folder, 'remote')).toBeNull();
    expect(await readAllowance(makeWorkspace(), 'local')).toBeNull();
    await removeAllowance(folder, 'local');
    expect(await readAllowance(folder, 'local')).toBeNull();
    expect(await changeAllowance(folder, 'local', (now) => now)).toBeNull();
  });

  it('allows nothing once it was changed, copied from another workspace, or sealed by nobody', async () => {
    await allow(100);
    const other = makeWorkspace();
    await allow(5, null, other);
    const file = allowanceFile(folder, 'local');
    const text = readFileSync(file, 'utf8');
    for (const wrong of [text.replace('100', '999'), readFileSync(allowanceFile(other, 'local'), 'utf8'), '{}', '']) {
      writeFileSync(file, wrong);
      await expect(readAllowance(folder, 'local')).rejects.toThrow('it allows nothing');
      await expect(changeAllowance(folder, 'local', (now) => now)).rejects.toThrow('it allows nothing');
    }
    await allow(7);
    expect((await readAllowance(folder, 'local'))?.budget.calls).toBe(7);
    writeFileSync(file, 'x');
    await removeAllowance(folder, 'local');
    expect(await readAllowance(folder, 'local')).toBeNull();
  });

  it('counts work under way as its cap, and what is over as what it came to', async () => {
    await allow(100, 2);
    const held = await changeAllowance(folder, 'local', (now) =>
      withHolding(now, { id: 'a', caps: { calls: 60, usd: 0.5 }, run: null }),
    );
    expect(leftOf(held!, await usedOf(held!))).toEqual({ calls: 40, usd: 1.5 });
    const over = withSpent(held!, 'a', { calls: 12, usd: 0.1 });
    expect(leftOf(over, await usedOf(over))).toEqual({ calls: 88, usd: 1.9 });
    expect(withSpent(over, 'a', { calls: 12, usd: 0.1 })).toEqual(over);
  });

  it('counts a run that was removed as its whole cap, for good', async () => {
    await allow(100);
    const now = (await readAllowance(folder, 'local'))!;
    const run = heldByRun(withHolding(now, { id: 'a', caps: { calls: 60, usd: null }, run: null }), 'a', 'gone-run');
    expect(await usedOf(run)).toEqual({ calls: 60, usd: 0 });
    expect(await settled(run)).toMatchObject({ spent: { calls: 60 }, open: [] });
    rmSync(folder, { recursive: true, force: true });
  });

  it('that is given again keeps what is under way', async () => {
    await allow(100);
    await changeAllowance(folder, 'local', (now) =>
      withHolding(now, { id: 'a', caps: { calls: 60, usd: null }, run: null }),
    );
    await allow(80);
    const now = (await readAllowance(folder, 'local'))!;
    expect(leftOf(now, await usedOf(now))).toEqual({ calls: 20, usd: null });
  });

  it('is changed by one at a time', async () => {
    await allow(100);
    await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        changeAllowance(folder, 'local', (now) =>
          withHolding(now, { id: String(i), caps: { calls: 5, usd: null }, run: null }),
        ),
      ),
    );
    const now = (await readAllowance(folder, 'local'))!;
    expect(await usedOf(now)).toEqual({ calls: 40, usd: 0 });
  });
});
