import type { Evaluator } from './evaluation/evaluator.ts';
import type { Binding, ModuleScope, NamedBinding } from './base/scope.ts';
import type { ClassSyntax, Statement } from './lowering/syntax.ts';
import { unknown } from './base/values.ts';
import type { ClassDefinition, Value } from './base/values.ts';

/** A class wherever it is: at the top (with its binding), in a class, in a function. */
export interface ClassPlace {
  readonly definition: ClassDefinition;
  readonly name: string;
  readonly binding: Binding | null;
}

/** Every class of a file. */
export function classPlaces(
  bindings: readonly NamedBinding[],
  module: ModuleScope,
  evaluator: Evaluator,
): readonly ClassPlace[] {
  const top = bindings.flatMap(([name, binding]): ClassPlace[] => {
    const { source } = binding;
    const isClass = source.kind === 'class' || (source.kind === 'value' && source.value.kind === 'class');
    const value = isClass ? evaluator.bound(module, binding) : unknown;
    return value.kind === 'class' ? [{ definition: value.definition, name, binding }] : [];
  });
  const inFunctions = bindings.flatMap(([name, binding]) =>
    binding.source.kind === 'function' && binding.source.syntax.hasClasses
      ? inFunction(evaluator.bound(module, binding), `${name}.<locals>`, evaluator)
      : [],
  );
  return [...top.flatMap((place) => [place, ...within(place, evaluator)]), ...inFunctions];
}

/** Classes in a class's body and in its methods. */
function within({ definition, name }: ClassPlace, evaluator: Evaluator): readonly ClassPlace[] {
  const { names } = evaluator.namesOf(definition);
  return [...names].flatMap(([inner, value]): readonly ClassPlace[] => {
    if (value.kind === 'class' && declares(definition.syntax.body, value.definition.syntax)) {
      const place: ClassPlace = { definition: value.definition, name: `${name}.${inner}`, binding: null };
      return [place, ...within(place, evaluator)];
    }
    return inFunction(value, `${name}.${inner}.<locals>`, evaluator);
  });
}

function inFunction(value: Value, prefix: string, evaluator: Evaluator): readonly ClassPlace[] {
  if (value.kind !== 'function' || !value.syntax.hasClasses) return [];
  evaluator.begin();
  return evaluator.localNames(value).flatMap(([inner, local]): readonly ClassPlace[] => {
    if (local.kind === 'class' && declares(evaluator.bodyOf(value), local.definition.syntax)) {
      const place: ClassPlace = { definition: local.definition, name: `${prefix}.${inner}`, binding: null };
      return [place, ...within(place, evaluator)];
    }
    const isOwn = local.kind === 'function' && local.scope.names.get(inner) === local;
    return isOwn ? inFunction(local, `${prefix}.${inner}.<locals>`, evaluator) : [];
  });
}

/** Whether the statements, also under conditions, declare just this class. */
function declares(statements: readonly Statement[], syntax: ClassSyntax): boolean {
  return statements.some(
    (each) =>
      (each.kind === 'class' && each.syntax === syntax) || (each.kind === 'block' && declares(each.body, syntax)),
  );
}
