/** The page of a run that came with the folder: what happened is shown, what its record names is left alone. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import { answer } from '../../../src/page/answer.ts';
import type { Effects } from '../../../src/page/answer.ts';
import { RunReader } from '../../../src/page/runReader.ts';
import { writeSampleRun } from '../../fakes/sampleRun.ts';
import { temporaryFolder } from '../run/folder.ts';

async function openForeign() {
  const workspace = temporaryFolder();
  const run = await writeSampleRun({ workspace });
  const { manifest } = runFiles(run.folder);
  writeFileSync(join(workspace, 'secret.jsonl'), '{"question": "private"}\n');
  const text = readFileSync(manifest, 'utf8').replaceAll(
    '${workspaceFolder}/dev.jsonl',
    '${workspaceFolder}/secret.jsonl',
  );
  writeFileSync(manifest, text);
  const reader = await RunReader.open(run, () => true);
  while (await reader.advance());
  const effects = {
    placeOf: vi.fn<Effects['placeOf']>(() => null),
    openDiff: vi.fn(() => Promise.resolve()),
    openSource: vi.fn(() => Promise.resolve()),
    copy: vi.fn(() => Promise.resolve()),
    act: vi.fn<Effects['act']>(() => Promise.resolve()),
    openRun: vi.fn<Effects['openRun']>(() => Promise.resolve()),
  };
  return { reader, effects };
}

const foreign = /was not made by you on this machine/;

it('shows steps, scores, states and traces', async () => {
  const { reader, effects } = await openForeign();
  expect(reader.madeHere).toBe(false);
  expect(reader.snapshot(true).steps).toHaveLength(4);
  expect(await answer(reader, effects, { ask: 'states', candidates: [] })).toMatchObject({ states: { length: 4 } });
  const filter = { step: 'p', purpose: 'dev' } as const;
  const sort = { by: 'made', descending: false } as const;
  const ask = { ask: 'traces', filter, sort, from: 0, count: 1 } as const;
  expect(await answer(reader, effects, ask)).toMatchObject({ from: 0 });
});

it('reads no file that the record names, in a trusted workspace too', async () => {
  const { reader, effects } = await openForeign();
  const examples = await answer(reader, effects, { ask: 'examples', split: 'dev' });
  expect(examples).toMatchObject({ problem: expect.stringMatching(foreign) as unknown });
  expect(JSON.stringify(examples)).not.toContain('private');
});

it('opens no file that the record names, only what detection finds now', async () => {
  const { reader, effects } = await openForeign();
  const [predictor] = reader.manifest.program!.predictors;
  const ask = { ask: 'openSource', predictor: predictor!.name } as const;
  await expect(answer(reader, effects, ask)).rejects.toThrow(foreign);
  expect(effects.openSource).not.toHaveBeenCalled();
  effects.placeOf.mockReturnValue({ file: '/w/program.ts', line: 3 });
  await answer(reader, effects, ask);
  expect(effects.openSource).toHaveBeenCalledWith({ file: '/w/program.ts', line: 3 });
});

it('hands on no request with the address and the variable that the record names', async () => {
  const { reader, effects } = await openForeign();
  await expect(answer(reader, effects, { ask: 'copyCurl', trace: 0, call: 0, request: 0 })).rejects.toThrow(foreign);
  expect(effects.copy).not.toHaveBeenCalled();
});

it('cannot be gone on with, cancelled or exported from its page, only looked at', async () => {
  const { reader, effects } = await openForeign();
  expect(reader.snapshot(true).acts).toEqual(['prompts', 'compare', 'report']);
  for (const act of ['resume', 'cancel', 'export'] as const) {
    await expect(answer(reader, effects, { ask: 'act', act })).rejects.toThrow(foreign);
  }
  expect(effects.act).not.toHaveBeenCalled();
  await answer(reader, effects, { ask: 'act', act: 'compare' });
  expect(effects.act).toHaveBeenCalledWith('compare');
});

it('opens no file that an error in its traces names', async () => {
  const { reader, effects } = await openForeign();
  const ask = { ask: 'openFile', file: 'secret.jsonl', line: 1 } as const;
  await expect(answer(reader, effects, ask)).rejects.toThrow(foreign);
  expect(effects.openSource).not.toHaveBeenCalled();
});
