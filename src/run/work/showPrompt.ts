import { UsageError } from '../../base/errors.ts';
import type { Fields } from '../../base/json.ts';
import type { Example, PredictorDescription, ProgramDescription } from '../../data/program.ts';
import { loadProgramData } from '../data/loadData.ts';
import { startOf } from '../record/importState.ts';
import type { PromptRequest, ShownPrompt } from './request.ts';
import { startHost } from '../services/services.ts';

/**
 * The final prompt of one call of a predictor, made by the program's own code. Asks no LM.
 *
 * @throws UsageError when there is no such predictor, or it does not take the inputs.
 */
export async function showPrompt(request: PromptRequest, log: (line: string) => void): Promise<ShownPrompt> {
  const { workspace, config, state } = request;
  const data = request.inputs === null ? await loadProgramData(config, workspace) : null;
  const host = await startHost({ workspace, config, live: data?.live ?? {}, log });
  try {
    const program = await host.describe();
    const predictor = predictorOf(program, request.predictor);
    const inputs = request.inputs ?? inputsOfRow(predictor, data?.dev[0]);
    const { predictors } = startOf(program, config.model, state ?? undefined);
    const call = await host.renderPrompt({ predictor: predictor.name, state: predictors[predictor.name]!, inputs });
    return { predictor: predictor.name, inputs, call };
  } finally {
    await host.close();
  }
}

function predictorOf({ predictors }: ProgramDescription, asked: string | null): PredictorDescription {
  // `generate_answer` is enough for `generate_answer.predict`.
  const meant = predictors.filter(({ name }) => asked === null || name === asked || name.startsWith(`${asked}.`));
  const exact = meant.find(({ name }) => name === asked) ?? meant[0];
  if (exact !== undefined && (meant.length === 1 || exact.name === asked)) return exact;
  const names = predictors.map(({ name }) => name).join(', ');
  const which =
    asked === null
      ? 'Say which predictor'
      : `There is ${meant.length === 0 ? 'no' : 'more than one'} predictor "${asked}"`;
  throw new UsageError(`${which}: --predictor, one of ${names}.`);
}

/** What a predictor takes out of the first dev row; one deeper in the program is asked things that no row has. */
function inputsOfRow({ name, signature }: PredictorDescription, row: Example | undefined): Fields {
  const wanted = signature.inputs.map((field) => field.name);
  const missing = wanted.filter((field) => !Object.hasOwn(row?.fields ?? {}, field));
  if (row === undefined || missing.length > 0) {
    const example = JSON.stringify(Object.fromEntries(wanted.map((field) => [field, '…'])));
    throw new UsageError(
      `The rows have no ${missing.join(', ')}, which "${name}" is asked with. Give its input: --input '${example}'.`,
    );
  }
  return Object.fromEntries(wanted.map((field) => [field, row.fields[field]!]));
}
