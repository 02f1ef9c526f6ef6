/** What a run says of a predictor that is called without one of its inputs: the LM answers all the same, and knows less. */
import { quotedNames } from '../base/quotedNames.ts';
import type { Example, PredictorDescription, ProgramDescription } from '../data/program.ts';
import type { TraceCall } from '../data/trace.ts';
import { isTuningRow } from '../data/tuningRows.ts';
import type { RunEvent } from '../protocol.ts';

/** Programs may leave out what single rows do not have. */
const rowsAtLeast = 3;

/** A predictor, and its inputs that no call has had so far, with the rows that lacked them. */
interface Watched {
  readonly predictor: PredictorDescription;
  readonly rows: Map<string, Set<number>>;
}

/** Warns once in a run of a predictor that the first rows never gave one of its inputs, whichever language it is written in. */
export class MissingInputsWarning {
  readonly #append: (event: RunEvent) => void;
  /** By name; empty when there is nothing left to look for. */
  readonly #watched = new Map<string, Watched>();

  constructor({ predictors }: Pick<ProgramDescription, 'predictors'>, append: (event: RunEvent) => void) {
    this.#append = append;
    for (const predictor of predictors) {
      const needed = predictor.signature.inputs.filter(({ type }) => type.kind !== 'optional');
      const rows = new Map(needed.map(({ name }) => [name, new Set<number>()]));
      this.#watched.set(predictor.name, { predictor, rows });
    }
  }

  add(example: Example, trace: readonly TraceCall[]): void {
    for (const call of trace) {
      const watched = this.#watched.get(call.predictor);
      if (watched === undefined) continue;
      const missing = missingIn(watched, example, call);
      if (watched.rows.size === 0) this.#watched.delete(call.predictor);
      if (missing.length === 0) continue;
      this.#watched.clear();
      this.#append({ type: 'warning', message: warning(watched.predictor, missing, call, example) });
    }
  }
}

/** Inputs that no call has had so far, in enough rows. */
function missingIn({ rows }: Watched, { id }: Example, { inputs }: TraceCall): readonly string[] {
  for (const [name, without] of rows) {
    if (Object.hasOwn(inputs, name)) rows.delete(name);
    else without.add(id);
  }
  return [...rows].filter(([, without]) => without.size >= rowsAtLeast).map(([name]) => name);
}

function warning(
  { name, signature }: PredictorDescription,
  missing: readonly string[],
  { inputs: had }: TraceCall,
  { inputs, fields }: Example,
): string {
  const without = Object.keys(had).length === 0 ? 'any input' : `its input ${quotedNames(missing)}`;
  const isOther = signature.inputs.every((each) => !Object.hasOwn(fields, each.name));
  const remedy =
    isOther && isTuningRow(fields)
      ? ' The rows are in a form of fine-tuning data: make rows with the fields of the program of them, in code ("file.py#name", "file.ts#name").'
      : '';
  return (
    `The predictor "${name}" was called without ${without} so far, and the LM answers without it. Its inputs: ` +
    `${signature.inputs.map((each) => each.name).join(', ')}. The program is called with ${quotedNames(Object.keys(inputs))}: its ` +
    `forward has to take them by these names, and to give the predictor all that it names.${remedy}`
  );
}
