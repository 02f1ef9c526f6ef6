/** Predictors in a state that DSPy saved, as those of a program here. */
import * as z from 'zod';
import { UsageError } from '../../base/errors.ts';
import { savedByDemos } from '../../data/otherProgram.ts';
import type { SavedPredictor } from '../../data/otherProgram.ts';
import type {
  Demo,
  FieldDescription,
  PredictorDescription,
  PredictorState,
  ProgramDescription,
} from '../../data/program.ts';
import { demoInDspy3, nameInDspy3 } from './oldDspyState.ts';

export const dspyPredictorSchema = z.object({
  demos: z.array(z.record(z.string(), z.json())).default([]),
  signature: z.object({
    instructions: z.string(),
    /** `null`: those of the program. */
    fields: z.array(z.object({ prefix: z.string(), description: z.string() })).nullable(),
  }),
  lm: z.looseObject({ model: z.string() }).nullable().default(null),
});
export type DspyPredictor = z.infer<typeof dspyPredictorSchema>;

/** By the names that predictors have in DSPy 3. */
export function namedInDspy3(
  saved: Readonly<Record<string, DspyPredictor>>,
  program: ProgramDescription,
): Readonly<Record<string, DspyPredictor>> {
  const known = program.predictors.map(({ name }) => name);
  const isOld = ({ signature }: DspyPredictor): boolean => signature.fields === null;
  return Object.fromEntries(
    Object.entries(saved).map(([name, each]) => [isOld(each) ? nameInDspy3(name, known) : name, each]),
  );
}

/**
 * @param file as messages name it.
 * @throws UsageError where DSPy changed what our states do not hold: fields, or descriptions of them.
 */
export function fromDspy(
  file: string,
  saved: DspyPredictor,
  predictor: PredictorDescription,
  language: ProgramDescription['language'],
  model: string,
): PredictorState {
  checkFields(file, saved, predictor, language);
  return {
    instructions: saved.signature.instructions,
    demos: demosFor(saved.demos, predictor),
    model: saved.lm === null ? model : servedName(saved.lm.model),
  };
}

/** A program that is itself a predictor has no name in the file: its fields are at the top, beside "metadata". */
export function renamedInDspy(before: string, now: string): string | undefined {
  if (before === 'self') return `put all but "metadata" under "${now}"`;
  return now === 'self' ? `put what is under "${before}" at the top, beside "metadata"` : undefined;
}

/** What the state says of a predictor's fields: DSPy 3 lists them, DSPy 2 has them in demos alone. */
export function savedByDspy(
  name: string,
  { signature, demos }: DspyPredictor,
  language: ProgramDescription['language'],
): SavedPredictor {
  const { fields: saved } = signature;
  if (saved === null) {
    const fits = (predictor: PredictorDescription): boolean =>
      savedByDemos(name, demosFor(demos, predictor)).fits(predictor);
    return { ...savedByDemos(name, demos.map(demoOf)), fits };
  }
  return {
    name,
    fields: saved.map(nameIn),
    fits: (predictor) => {
      const fields = fieldsOf(predictor);
      return fields.length === saved.length && fields.every((field, i) => isSame(field, saved[i]!, language));
    },
  };
}

function demosFor(saved: DspyPredictor['demos'], predictor: PredictorDescription): readonly Demo[] {
  const names = fieldsOf(predictor).map(({ name }) => name);
  return saved.map((demo) => demoOf(demoInDspy3(demo, names)));
}

function demoOf({ augmented, ...fields }: DspyPredictor['demos'][number]): Demo {
  return { fields, augmented: augmented === true };
}

function checkFields(
  file: string,
  saved: DspyPredictor,
  predictor: PredictorDescription,
  language: ProgramDescription['language'],
): void {
  if (saved.signature.fields === null) return;
  const fields = fieldsOf(predictor);
  if (fields.length !== saved.signature.fields.length) {
    throw new UsageError(
      `${file}: the predictor ${predictor.name} has the fields ${saved.signature.fields.map(nameIn).join(', ')} there, and ` +
        `${fields.map(({ name }) => name).join(', ')} in the program.`,
    );
  }
  for (const [i, field] of fields.entries()) {
    const there = saved.signature.fields[i]!;
    if (isSame(field, there, language)) continue;
    throw new UsageError(
      `${file} describes the field "${field.name}" of ${predictor.name} as "${there.description}" (${there.prefix}), and the ` +
        'program does not. States hold instructions, demos and models; write the description into the program.',
    );
  }
}

function fieldsOf({ signature }: PredictorDescription): readonly FieldDescription[] {
  return [...signature.inputs, ...signature.outputs];
}

/** DSPy saves no names: `${question}` is the description of a field that has no other. */
function nameIn({ description, prefix }: Pick<FieldDescription, 'description' | 'prefix'>): string {
  return /^\$\{(.+)\}$/.exec(description)?.[1] ?? prefix.replace(/:$/, '');
}

/** DSPy's own adapters show no prefixes. */
function isSame(
  { description, prefix }: FieldDescription,
  there: Pick<FieldDescription, 'description' | 'prefix'>,
  language: ProgramDescription['language'],
): boolean {
  return there.description === description && (language === 'python' || there.prefix === prefix);
}

/** `openai/gpt-4o` is `gpt-4o` at an OpenAI endpoint. */
function servedName(model: string): string {
  return model.includes('/') ? model.slice(model.indexOf('/') + 1) : model;
}
