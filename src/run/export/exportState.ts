import { canonicalJson } from '../../base/json.ts';
import type { JsonValue } from '../../base/json.ts';
import { HumanError } from '../../base/errors.ts';
import type { Demo, PredictorState, ProgramDescription, ProgramState } from '../../data/program.ts';
import { asDspySaves } from './dspyValue.ts';

/** A state as `program.load` of the SDK reads it. */
export function toStateJson(state: ProgramState): JsonValue {
  return JSON.parse(canonicalJson(state)) as JsonValue;
}

interface ExportedSampling {
  /** `null`: not sent. */
  readonly temperature: number | null;
  readonly topP?: number | null;
  readonly maxTokens: number;
}

/**
 * A state as DSPy's `Module.load` reads it (the JSON that `module.save("x.json")` writes, DSPy
 * 3.3/3.4): one key per predictor, `fields` by position, inputs before outputs, and empty `dependency_versions`, which
 * the loader takes without a warning. A program that is itself a predictor (`self`) has its fields at the top.
 *
 * Numbers that JavaScript has no form for are tagged: `exactText` writes them.
 *
 * @throws HumanError when state and program do not have the same predictors, or DSPy cannot save a demo's value.
 */
export function toDspyJson(state: ProgramState, program: ProgramDescription, sampling: ExportedSampling): JsonValue {
  const metadata = { dependency_versions: {} };
  const entries = program.predictors.map(({ name, signature }): [string, { readonly [key: string]: JsonValue }] => {
    const predictor = state.predictors[name];
    if (predictor === undefined) throw new HumanError(`The state has no predictor "${name}", and the program has.`);
    const fields = [...signature.inputs, ...signature.outputs].map(({ prefix, description }) => ({
      prefix,
      description,
    }));
    return [
      name,
      {
        ...program.saved?.[name],
        traces: [],
        train: [],
        demos: predictor.demos.map((demo) => toDspyDemo(demo, name)),
        signature: { instructions: predictor.instructions, fields },
        lm: toDspyLm(predictor, sampling),
      },
    ];
  });
  const others = Object.entries(program.saved ?? {}).filter(([name]) => entries.every(([known]) => known !== name));
  const only = entries.length === 1 ? entries[0] : undefined;
  if (only !== undefined && only[0] === 'self') return { ...only[1], metadata };
  return { ...Object.fromEntries([...others, ...entries]), metadata };
}

function toDspyDemo({ fields, augmented }: Demo, predictor: string): JsonValue {
  const entries = Object.entries(fields).map(([name, value]) => {
    return [name, asDspySaves(value, `The field "${name}" of a demo of ${predictor}`)] as const;
  });
  return { ...(augmented ? { augmented: true } : {}), ...Object.fromEntries(entries) };
}

/** `openai/` keeps DSPy from guessing the provider by the name (its F13); URL and key come from the environment. */
function toDspyLm(predictor: PredictorState, sampling: ExportedSampling) {
  return {
    model: `openai/${predictor.model}`,
    model_type: 'chat',
    ...(sampling.temperature === null ? {} : { temperature: sampling.temperature }),
    ...(sampling.topP === undefined || sampling.topP === null ? {} : { top_p: sampling.topP }),
    max_tokens: sampling.maxTokens,
  };
}
