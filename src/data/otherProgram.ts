/** What is said of a state whose predictors are named otherwise than the program's: both sides, and the renaming that fits. */
import type { Demo, PredictorDescription } from './program.ts';

/** A predictor of a saved state. */
export interface SavedPredictor {
  readonly name: string;
  /** Its fields, as far as the state has them. */
  readonly fields: readonly string[];
  /** Whether its fields are those of a predictor of the program; false where the state has none. */
  fits(predictor: PredictorDescription): boolean;
}

export interface OtherProgram {
  /** How the sentence begins: `best.json is the state`, `The state is`. */
  readonly opening: string;
  readonly saved: readonly SavedPredictor[];
  /** The program's name, as a sentence goes on: `QA`, `this program`. */
  readonly program: string;
  readonly predictors: readonly PredictorDescription[];
  /** Names of those that a state of the program has. Default: all. */
  readonly needed?: readonly string[];
  /** How one predictor is renamed in the file, where that is more than another name in the place of the old one. */
  readonly howToRename?: (before: string, now: string) => string | undefined;
}

/** A saved predictor whose fields only demos show. */
export function savedByDemos(name: string, demos: readonly Pick<Demo, 'fields'>[]): SavedPredictor {
  const fields = [...new Set(demos.flatMap((demo) => Object.keys(demo.fields)))];
  return {
    name,
    fields,
    fits: ({ signature }) => {
      const known = [...signature.inputs, ...signature.outputs].map((field) => field.name);
      return fields.length > 0 && fields.every((field) => known.includes(field));
    },
  };
}

export function otherProgramText(other: OtherProgram): string {
  const { opening, saved, program, predictors } = other;
  return (
    `${opening} of another program: it has the predictors ${listed(saved.map(savedText))}, ` +
    `${program} has ${listed(predictors.map(predictorText))}.${renamingText(other)}`
  );
}

function renamingText(other: OtherProgram): string {
  const renaming = onlyRenaming(other);
  if (renaming === null) return '';
  const pairs = renaming.map(([before, now]) => `"${before}" is now "${now}"`).join(', ');
  const how = renaming.map(([before, now]) => {
    return other.howToRename?.(before, now) ?? `write "${now}" in the place of "${before}"`;
  });
  return (
    ` By the fields one renaming fits, and no other: ${pairs}. If so, ${how.join(', ')} in the file of the state, or ` +
    'name the attributes in the program as they were.'
  );
}

/** Old and new names; `null` where none fits, or more than one. What both sides have keeps its name. */
function onlyRenaming({
  saved,
  predictors,
  needed = predictors.map(nameOf),
}: OtherProgram): readonly (readonly [string, string])[] | null {
  const unknown = saved.filter(({ name }) => predictors.every((each) => each.name !== name));
  const missing = predictors.filter(({ name }) => needed.includes(name) && saved.every((each) => each.name !== name));
  if (unknown.length === 0 || unknown.length !== missing.length) return null;
  const open = new Map<string, readonly string[]>(
    unknown.map((each) => [each.name, missing.filter((one) => each.fits(one)).map(nameOf)]),
  );
  const found: [string, string][] = [];
  // Where one matching alone is complete, some name has one candidate at each step.
  for (let next = withOneCandidate(open); next !== undefined; next = withOneCandidate(open)) {
    const [before, now] = next;
    found.push(next);
    open.delete(before);
    for (const [name, candidates] of open) open.set(name, without(candidates, now));
  }
  return open.size === 0 ? found : null;
}

function withOneCandidate(open: ReadonlyMap<string, readonly string[]>): [string, string] | undefined {
  for (const [name, [only, second]] of open) {
    if (only !== undefined && second === undefined) return [name, only];
  }
  return undefined;
}

function without(names: readonly string[], name: string): readonly string[] {
  return names.filter((each) => each !== name);
}

function savedText({ name, fields }: SavedPredictor): string {
  return fields.length === 0 ? name : `${name} (${fields.join(', ')})`;
}

function predictorText({ name, signature: { inputs, outputs } }: PredictorDescription): string {
  return `${name} (${inputs.map(nameOf).join(', ')} -> ${outputs.map(nameOf).join(', ')})`;
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

function listed(texts: readonly string[]): string {
  return texts.join('; ') || '(none)';
}
