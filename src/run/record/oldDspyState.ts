/**
 * States that DSPy 2 saved (dspy/primitives/module.py of 2.4 to 2.6), which DSPy 3 does not load any more: they have no
 * `metadata`, or one of 2; fields were described otherwise, `ChainOfThought` named its parts otherwise.
 */
import * as z from 'zod';

const savedSchema = z.looseObject({
  demos: z.array(z.record(z.string(), z.json())).default([]),
  /** From 2.5 on. */
  signature: z.looseObject({ instructions: z.string() }).optional(),
  /** Up to 2.4; that of `ChainOfThought` besides. */
  signature_instructions: z.string().optional(),
  extended_signature_instructions: z.string().optional(),
  lm: z.unknown().optional(),
});
type Saved = z.infer<typeof savedSchema>;

/** A predictor's part of the state; `fields: null`: they are those of the program. */
export interface OldPredictor {
  readonly demos: Saved['demos'];
  readonly signature: { readonly instructions: string; readonly fields: null };
  readonly lm: null;
}

/** The predictors of a state of DSPy 2, by their names there; `null` for anything else. */
export function oldDspyPredictors(
  saved: Readonly<Record<string, unknown>>,
): Readonly<Record<string, OldPredictor>> | null {
  const { metadata, ...parts } = saved;
  if (metadata !== undefined && !isOfDspy2(metadata)) return null;
  const found = [['self', parts] as const, ...Object.entries(parts)].flatMap(([name, part]) => {
    const parsed = savedSchema.safeParse(part);
    const instructions = parsed.success ? instructionsOf(parsed.data) : undefined;
    if (!parsed.success || instructions === undefined) return [];
    const { demos } = parsed.data;
    return [[name, { demos, signature: { instructions, fields: null }, lm: null }] as const];
  });
  return found.length === 0 ? null : Object.fromEntries(found);
}

/** The name that DSPy 3 gives the predictor that is called `old` in a state of DSPy 2. */
export function nameInDspy3(old: string, known: readonly string[]): string {
  const candidates = [
    old,
    old.replace(/(^|\.)_predict$/, '$1predict'),
    `${old}.predict`,
    ...(old === 'self' ? ['predict'] : []),
  ];
  return candidates.find((name) => known.includes(name)) ?? old;
}

/** What `ChainOfThought` adds to the outputs was called otherwise, and is `reasoning` since 2.5. */
export function demoInDspy3<T>(
  values: Readonly<Record<string, T>>,
  fields: readonly string[],
): Readonly<Record<string, T>> {
  const { rationale, ...others } = values;
  const renamed = rationale !== undefined && fields.includes('reasoning') && !fields.includes('rationale');
  return renamed ? { reasoning: rationale, ...others } : values;
}

function instructionsOf(saved: Saved): string | undefined {
  return saved.extended_signature_instructions ?? saved.signature?.instructions ?? saved.signature_instructions;
}

function isOfDspy2(metadata: unknown): boolean {
  const versions = z.object({ dependency_versions: z.object({ dspy: z.string() }) }).safeParse(metadata);
  return versions.success && versions.data.dependency_versions.dspy.startsWith('2.');
}
