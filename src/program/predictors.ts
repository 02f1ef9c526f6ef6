import { UsageError } from '../base/errors.ts';
import type { PredictorDescription } from '../data/program.ts';
import { isModule, isPredictor } from './brands.ts';
import type { Predictor } from './brands.ts';

export interface NamedPredictor {
  /** As DSPy names it: `generate_query[0].predict`; a bare `Predict` is `self`. */
  readonly name: string;
  readonly predictor: Predictor;
  /** Marked by the author, on the predictor or on a module around it: no optimizer touches it. */
  readonly frozen: boolean;
}

/**
 * The predictors of a program in DSPy's order and with DSPy's names: attributes in the order of their definition,
 * depth first, each predictor once (DSPy: `Module.named_parameters`). Attributes are `attr`, list items `attr[0]`,
 * the values of a plain object `attr['key']`; lists within lists are not searched, and private `#fields` cannot be.
 */
export function namedPredictors(root: unknown): readonly NamedPredictor[] {
  const found = new Map<object, NamedPredictor>();
  if (isPredictor(root)) return [{ name: 'self', predictor: root, frozen: root.frozen }];
  if (isObject(root)) walk(root, '', isFrozen(root), found, new Set());
  return [...found.values()];
}

/**
 * What a host reports of a program's predictors.
 *
 * @param frozen names of predictors, or of modules around them (`generate_query[0]`), that are to be left alone.
 * @throws UsageError when there are no predictors, or a name in `frozen` is not one of theirs.
 */
export function describe(root: unknown, frozen: readonly string[] = []): readonly PredictorDescription[] {
  const predictors = namedPredictors(root);
  if (predictors.length === 0) {
    throw new UsageError(
      'The program has no predictors. Keep them as attributes of the module (fields, lists or plain objects of ' +
        '`Predict` and `ChainOfThought`), not as local variables or private #fields.',
    );
  }
  const names = predictors.map((each) => each.name);
  const unknown = frozen.filter((name) => !names.some((known) => covers(name, known)));
  if (unknown.length > 0) {
    throw new UsageError(`"frozen" names no predictor: ${unknown.join(', ')}. The program has: ${names.join(', ')}.`);
  }
  return predictors.map((each) => ({
    ...describeNamed(each),
    frozen: each.frozen || frozen.some((name) => covers(name, each.name)),
  }));
}

export function describeNamed({ name, predictor, frozen }: NamedPredictor): PredictorDescription {
  return { name, signature: predictor.describeSignature(), demos: predictor.demos, frozen };
}

function walk(
  owner: object,
  prefix: string,
  frozen: boolean,
  found: Map<object, NamedPredictor>,
  around: Set<object>,
): void {
  if (around.has(owner)) return; // a module that holds itself
  around.add(owner);
  const add = (name: string, value: unknown): void => {
    if (isPredictor(value)) {
      if (!found.has(value)) found.set(value, { name, predictor: value, frozen: frozen || value.frozen });
    } else if (isModule(value)) {
      walk(value, `${name}.`, frozen || isFrozen(value), found, around);
    }
  };
  for (const [key, value] of Object.entries(owner)) {
    const name = prefix + key;
    if (Array.isArray(value)) value.forEach((item, i) => add(`${name}[${i}]`, item));
    else if (isPlainObject(value)) for (const [k, item] of Object.entries(value)) add(`${name}['${k}']`, item);
    else add(name, value);
  }
  around.delete(owner);
}

function isFrozen(module: object): boolean {
  return (module as { readonly frozen?: unknown }).frozen === true;
}

/** Whether `name` is the predictor itself or a module around it. */
function covers(name: string, predictor: string): boolean {
  return predictor === name || predictor.startsWith(`${name}.`) || predictor.startsWith(`${name}[`);
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
