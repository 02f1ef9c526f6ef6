import type { Evaluator } from './evaluation/evaluator.ts';
import type { FunctionSyntax } from './lowering/syntax.ts';
import type { Binding, ModuleScope } from './base/scope.ts';
import type { Value } from './base/values.ts';

/** The function that is written under a name; `null` where it stands for anything else. */
export function functionOf({ source }: Binding): FunctionSyntax | null {
  if (source.kind === 'function') return source.syntax;
  return source.kind === 'value' && source.value.kind === 'function' ? source.value.syntax : null;
}

/** Whether a function can be called without arguments, and answers anything. */
export function givesSomething({ parameters, body, isGenerator }: FunctionSyntax): boolean {
  if (!parameters.every((each) => each.optional || each.rest)) return false;
  return isGenerator || !('text' in body) || /\breturn\b[ \t]*[^\s;}]/.test(body.text);
}

/** What a named function returns when called without arguments; `null` where it cannot be. */
export function madeBy(binding: Binding, module: ModuleScope, evaluator: Evaluator): Value | null {
  const written = functionOf(binding);
  if (written === null || !givesSomething(written)) return null;
  return evaluator.answered(module, binding);
}
