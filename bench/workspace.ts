import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface BenchSettings {
  readonly baseURL: string;
  readonly concurrency: number;
  readonly strategy: string;
  readonly train: number;
  readonly dev: number;
  /** Rows to bootstrap on and to choose on. */
  readonly t: number;
  readonly v: number;
}

const program = `import { Predict } from 'bettertogether';
export const ask = new Predict('question -> answer');
`;

/** A workspace with one predictor and generated rows, pointed at a fake endpoint. Returns its folder. */
export function makeWorkspace(settings: BenchSettings): string {
  const folder = mkdtempSync(join(tmpdir(), 'bettertogether-bench-'));
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'program.mjs'), program);
  writeFileSync(join(folder, 'data', 'train.jsonl'), rows('train', settings.train));
  writeFileSync(join(folder, 'data', 'dev.jsonl'), rows('dev', settings.dev));
  const config = {
    programs: {
      bench: {
        program: 'program.mjs#ask',
        metric: 'exactMatch:answer',
        train: 'data/train.jsonl',
        dev: 'data/dev.jsonl',
        inputs: ['question'],
        endpoint: 'fake',
        model: 'base',
        strategy: settings.strategy,
        p: {
          candidates: 6,
          maxBootstrappedDemos: 3,
          maxLabeledDemos: 0,
          train: settings.t,
          validation: settings.v,
        },
      },
    },
    endpoints: {
      fake: {
        kind: 'openai',
        baseURL: settings.baseURL,
        concurrency: settings.concurrency,
        fineTune: { pollSeconds: 0.05 },
      },
    },
  };
  writeFileSync(join(folder, 'bettertogether.json'), JSON.stringify(config));
  return folder;
}

function rows(split: string, count: number): string {
  const words = 'A train leaves the station with some passengers and picks up a few more at each stop on its way. ';
  return Array.from({ length: count }, (_, id) =>
    JSON.stringify({ question: `${words.repeat(3)} How many are there in ${split} ${id}?`, answer: 'yes' }),
  ).join('\n');
}
