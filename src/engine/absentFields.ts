/** What a run says of a metric that asks for fields that are not there, where that is no error: in TypeScript. */
import type { Example } from '../data/program.ts';
import type { ProgramOutcome } from '../data/trace.ts';
import type { RunEvent } from '../protocol.ts';

/** Metrics may do without what single rows do not have. */
const rowsAtLeast = 3;

type Of = 'row' | 'prediction';

/**
 * Warns once in a run of a field that no row, or no prediction, had when the metric asked for it, while rows score 0, or
 * while neither has it: then nothing is compared with nothing. A metric that gives other rows a score does without.
 */
export class AbsentFieldsWarning {
  readonly #append: (event: RunEvent) => void;
  /** Rows, by what was asked and of what; `null` where nothing is to be said any more. */
  readonly #rows = new Map<string, Set<number> | null>();
  #said = false;

  constructor(append: (event: RunEvent) => void) {
    this.#append = append;
  }

  /** @param score from 0 to 1 */
  add(example: Example, { absentFields, prediction, error }: ProgramOutcome, score: number): void {
    if (this.#said || absentFields === undefined || prediction === null || error !== undefined) return;
    const { row, prediction: predicted } = absentFields;
    const names = { row, prediction: predicted };
    const found = (['row', 'prediction'] as const).flatMap((of) => names[of].map((name) => ({ of, name })));
    for (const each of found)
      this.#note(each, example.id, score === 0 || (row.includes(each.name) && predicted.includes(each.name)));
    const often = found.filter((each) => (this.#rows.get(keyOf(each))?.size ?? 0) >= rowsAtLeast);
    if (often.length === 0) return;
    this.#said = true;
    const have = { row: Object.keys(example.fields), prediction: Object.keys(prediction) };
    this.#append({ type: 'warning', message: warning(often, have) });
  }

  #note(asked: Asked, row: number, isOdd: boolean): void {
    const key = keyOf(asked);
    const rows = this.#rows.get(key);
    if (rows === null) return;
    this.#rows.set(key, isOdd ? (rows ?? new Set<number>()).add(row) : null);
  }
}

interface Asked {
  readonly of: Of;
  readonly name: string;
}

const keyOf = ({ of, name }: Asked): string => `${of} ${name}`;

function warning(asked: readonly Asked[], have: Readonly<Record<Of, readonly string[]>>): string {
  const each = (['row', 'prediction'] as const).flatMap((of) => {
    const names = asked.filter((one) => one.of === of).map(({ name }) => `"${name}"`);
    return names.length === 0 ? [] : [`${names.join(', ')} of the ${of}, which has ${have[of].join(', ')}`];
  });
  return (
    `The metric asks for ${each.join(', and for ')}. What is not there is undefined, and no error: it is equal to another ` +
    'undefined, and to no value. If the metric does not do without it, the scores say nothing.'
  );
}
