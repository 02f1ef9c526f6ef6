/** What the process of an estimate is given, and when there is none. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { agreedHash } from '../../../src/config/agreed.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { resolveProgram } from '../../../src/config/resolve.ts';
import { callTool } from '../../../src/tools/base/callTool.ts';
import type { Left, ToolHost, Wish } from '../../../src/tools/base/host.ts';
import { PriceTokens } from '../../../src/tools/base/priceTokens.ts';
import { getPrice } from '../../../src/tools/work/getPrice.ts';
import { makeWorkspace } from '../cli/workspace.ts';

const call = { signal: new AbortController().signal, progress: () => undefined };
let folder: string;
let wishes: Wish[];
let held: number;
let spent: unknown[];
beforeEach(() => {
  folder = makeWorkspace();
  [wishes, held, spent] = [[], 0, []];
});

/** Its command line says what it was given, and that the usage is wrong. */
function host(left: Left): ToolHost {
  const cli = join(folder, 'cli.mjs');
  writeFileSync(cli, `console.error(process.argv.slice(2).join('\\n')); process.exit(2);\n`);
  return {
    cli,
    roots: () => Promise.resolve([folder]),
    environment: () => Promise.resolve(process.env),
    prices: new PriceTokens(),
    permissions: {
      mayAct: () => undefined,
      ask: (wish: Wish) => {
        wishes.push(wish);
        const hold = () => {
          held++;
          return Promise.resolve({
            isRun: () => Promise.resolve(),
            spent: (what: unknown) => Promise.resolve(void spent.push(what)),
          });
        };
        return Promise.resolve({ agreements: [], left, hold });
      },
    },
  } as unknown as ToolHost;
}

it.each(['optimize', 'evaluate'] as const)(
  'to %s is estimated by just the settings that the permission was asked for',
  async (kind) => {
    const strategy = kind === 'evaluate' ? 'vanilla' : undefined;
    const config = await resolveProgram(await loadConfig(folder), 'local', { strategy }, folder);
    const given = { program: 'local', for: kind };
    await expect(callTool(getPrice, given, host({ calls: 50, usd: null }), call)).rejects.toThrow(
      `--agreed=${agreedHash(config)}`,
    );
    expect(wishes.map((wish) => wish.config)).toEqual([config]);
    expect([held, spent]).toEqual([1, [{ calls: 0, usd: 0 }]]);
  },
);

it('holds nothing and starts nothing where nothing is left', async () => {
  for (const left of [
    { calls: 0, usd: null },
    { calls: null, usd: 0 },
  ]) {
    const price = callTool(getPrice, { program: 'local', for: 'optimize' }, host(left), call);
    await expect(price).rejects.toThrow('Nothing is left');
  }
  expect([held, spent]).toEqual([0, []]);
});
