import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { startEmbedded } from '../../../src/embedded/embedded.ts';
import { homeAt } from '../../../src/home/home.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bettertogether-start-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

it('an endpoint whose model file is not there is wrong usage, told once and before anything is installed', async () => {
  const said: string[] = [];
  const model = join(root, 'nope.gguf');
  const starting = startEmbedded({ home: homeAt(join(root, 'home')), model, onLog: (line) => said.push(line) });
  await expect(starting).rejects.toBeInstanceOf(UsageError);
  await expect(starting).rejects.toThrow(`--model: ${model} is not a GGUF file`);
  expect(said).toEqual([]);
}, 60_000);
