/** A task and a proposer for GEPA's search that follow a script: test/parity/gepa/oracle.py is the same script in Python. */
import { createHash } from 'node:crypto';
import type { Batch, Purpose, SearchSetup, SearchTask, Texts } from '../../src/engine/optimizers/gepa/search/terms.ts';

export interface ScriptedSetup extends SearchSetup {
  /** Scores are 0, 1 and what is between them, this many in all. */
  readonly levels: number;
  /** Of 256 proposals this many are refused. */
  readonly refuses: number;
}

export interface ScriptedTask extends SearchTask<number> {
  readonly batches: readonly Batch[];
  readonly purposes: readonly Purpose[];
}

export function scriptedTask({ levels, refuses, sharedRows }: ScriptedSetup): ScriptedTask {
  const batches: Batch[] = [];
  const purposes: Purpose[] = [];
  const score = (texts: Texts, of: string, row: number) =>
    (hash(Object.values(texts), of, row) % levels) / (levels - 1);
  return {
    batches,
    purposes,
    evaluate: (texts, batch, purpose) => {
      batches.push(batch);
      purposes.push(purpose);
      const of = sharedRows === null ? batch.of : 'train';
      return Promise.resolve(batch.rows.map((row) => ({ score: score(texts, of, row), trajectory: row })));
    },
    propose: ({ component, texts, outcomes }) => {
      const rows = outcomes.map(({ trajectory }) => trajectory);
      const drawn = hash(component, texts[component], rows);
      return Promise.resolve(
        drawn < refuses
          ? { kind: 'refused', reason: 'empty' }
          : { kind: 'instruction', text: `${texts[component]!} ${drawn}` },
      );
    },
  };
}

/** @param metricCalls program runs, beyond those of the first program on the validation rows. */
export function scriptedSetup(
  seed: number,
  sizes: { readonly train: number; readonly validation: number; readonly components: number },
  more: Partial<ScriptedSetup> = {},
): ScriptedSetup {
  const names = Array.from({ length: sizes.components }, (_, i) => `part ${i}`);
  return {
    texts: Object.fromEntries(names.map((name) => [name, `text of ${name}, ${seed}`])),
    rows: { train: sizes.train, validation: sizes.validation },
    minibatch: 3,
    perfectScore: 1,
    metricCalls: sizes.validation * 8 + 60,
    overshoot: false,
    sharedRows: null,
    merge: null,
    seed,
    levels: 3,
    refuses: 20,
    ...more,
  };
}

function hash(...parts: readonly unknown[]): number {
  return createHash('sha256').update(JSON.stringify(parts)).digest()[0]!;
}
