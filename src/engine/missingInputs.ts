/** What a run says of a predictor that is called without one of its inputs: the LM answers all the same, and knows less. */
import type { Example, PredictorDescription, ProgramDescription } from '../data/program.ts';
import type { TraceCall } from '../data/trace.ts';
import type { RunEvent } from '../protocol.ts';

/** Programs may leave out what single rows do not have. */
const rowsAtLeast = 3;

/** Warns once in a run of a predictor that the first rows never gave one of its inputs, whichever language it is written in. */
export class MissingInputsWarning {
  readonly #append: (event: RunEvent) => void;
  /** Rows without it, by predictor and input; `null` of an input that was given. */
  readonly #rows = new Map<string, Set<number> | null>();
  #said = false;

  constructor(append: (event: RunEvent) => void) {
    this.#append = append;
  }

  add({ predictors }: Pick<ProgramDescription, 'predictors'>, example: Example, trace: readonly TraceCall[]): void {
    if (this.#said) return;
    for (const call of trace) {
      const predictor = predictors.find(({ name }) => name === call.predictor);
      if (predictor === undefined) continue;
      const missing = this.#missing(predictor, example.id, call);
      if (missing.length === 0) continue;
      this.#said = true;
      this.#append({ type: 'warning', message: warning(predictor, missing, call, example) });
      return;
    }
  }

  /** Inputs that no call has had so far, in enough rows. */
  #missing(predictor: PredictorDescription, row: number, { inputs }: TraceCall): readonly string[] {
    const needed = predictor.signature.inputs.filter(({ type }) => type.kind !== 'optional');
    const names = needed.map(({ name }) => name);
    for (const name of names) {
      const key = JSON.stringify([predictor.name, name]);
      const rows = this.#rows.get(key);
      if (Object.hasOwn(inputs, name) || rows === null) this.#rows.set(key, null);
      else this.#rows.set(key, (rows ?? new Set<number>()).add(row));
    }
    return names.filter((name) => (this.#rows.get(JSON.stringify([predictor.name, name]))?.size ?? 0) >= rowsAtLeast);
  }
}

function warning(
  { name, signature }: PredictorDescription,
  missing: readonly string[],
  { inputs: had }: TraceCall,
  { inputs }: Example,
): string {
  const without = Object.keys(had).length === 0 ? 'any input' : `its input ${quoted(missing)}`;
  return (
    `The predictor "${name}" was called without ${without} so far, and the LM answers without it. Its inputs: ` +
    `${signature.inputs.map((each) => each.name).join(', ')}. The program is called with ${quoted(Object.keys(inputs))}: its ` +
    'forward has to take them by these names, and to give the predictor all that it names.'
  );
}

const quoted = (names: readonly string[]): string => names.map((each) => `"${each}"`).join(', ');
