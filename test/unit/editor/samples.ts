import type { ProgramItem } from '../../../src/editor/items/programItem.ts';
import type { RunItem } from '../../../src/editor/items/runItem.ts';
import type { RunEvent } from '../../../src/protocol.ts';
import { foldEvents } from '../../../src/view/fold.ts';
import { newManifest } from '../../../src/run/record/manifest.ts';
import type { Manifest } from '../../../src/run/record/manifest.ts';
import { sampleConfig as config } from '../../fakes/sampleConfig.ts';
import { description, logged, state, wholeRun } from '../run/samples.ts';

export const program: ProgramItem = {
  root: '/w',
  file: '/w/program.ts',
  name: 'Intents',
  line: 10,
  language: 'typescript',
  kind: 'module',
  runnable: true,
  predictors: [{ name: 'classify', line: 11, signature: 'utterance -> answer' }],
  keys: ['intents'],
};

const data: Manifest['data'] = {
  train: { file: '/w/train.jsonl', sha256: 't' },
  dev: { file: '/w/dev.jsonl', sha256: 'd' },
  test: null,
};

export interface RunWishes {
  readonly events?: readonly RunEvent[];
  /** Hash of the dev file; `null`: dev rows are held out of train. */
  readonly dev?: string | null;
  readonly seed?: number;
  readonly status?: RunItem['status'];
  readonly states?: RunItem['states'];
  readonly label?: RunItem['label'];
}

export const states = { final: { prefix: 'p -> w', state }, best: { prefix: 'p -> w', state } };

export function runItem(id: string, wishes: RunWishes = {}): RunItem {
  const { events = wholeRun, dev = 'd', status = 'finished' } = wishes;
  const manifest = newManifest(
    id,
    new Date('2026-11-23T12:00:00Z'),
    { ...config, seed: wishes.seed ?? config.seed },
    data,
    [],
  );
  return {
    root: '/w',
    run: { id, folder: `/w/.bettertogether/runs/${id}` },
    manifest: {
      ...manifest,
      data: { ...data, dev: dev === null ? null : { file: '/w/dev.jsonl', sha256: dev } },
      program: description,
    },
    madeHere: true,
    view: foldEvents(logged(events)),
    status,
    label: wishes.label ?? {},
    states: wishes.states === undefined ? states : wishes.states,
  };
}
