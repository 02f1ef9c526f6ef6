import { noArguments } from './calls.ts';
import type { Evaluator } from './evaluator.ts';
import type { FoundName } from './found.ts';
import { isRows } from './rowsShape.ts';
import { exportedAs } from './scope.ts';
import type { Binding, ModuleScope, NamedBinding } from './scope.ts';
import type { FunctionSyntax } from './lowering/syntax.ts';
import { isExamples } from './values.ts';
import type { Value } from './values.ts';

/** Data sets that a file makes: values, and functions that answer one when they are called without arguments. */
export function dataSetsIn(
  bindings: readonly NamedBinding[],
  module: ModuleScope,
  evaluator: Evaluator,
  related: boolean,
): readonly FoundName[] {
  const python = module.grammar === 'python';
  return bindings.flatMap(([local, binding]) => {
    const name = exportedAs(module, local);
    if (binding.inMain || name === null) return [];
    evaluator.begin();
    const value = rowsOf(local, binding, module, evaluator);
    const isOne = value !== null && (python ? isExamples(value) : isRows(name, value, related));
    return isOne ? [{ file: module.file, line: binding.line, name }] : [];
  });
}

/** What whoever loads the name would get; `null`: nothing, or nothing that is made here. */
function rowsOf(local: string, binding: Binding, module: ModuleScope, evaluator: Evaluator): Value | null {
  const { source } = binding;
  if (source.kind !== 'value' && source.kind !== 'function') return null;
  const written =
    source.kind === 'function' ? source.syntax : source.value.kind === 'function' ? source.value.syntax : null;
  if (written !== null && !givesSomething(written)) return null;
  const value = evaluator.bound(module, binding);
  // With what is appended to it further down.
  if (value.kind === 'list') return evaluator.lookup(module, local);
  if (value.kind !== 'function') return value;
  return written === null ? null : evaluator.invoke(value, noArguments(module.file));
}

/** Whether a function can be called without arguments, and answers anything. */
function givesSomething({ parameters, body, isGenerator }: FunctionSyntax): boolean {
  if (!parameters.every((each) => each.optional || each.rest)) return false;
  return isGenerator || !('text' in body) || /\breturn\b[ \t]*[^\s;}]/.test(body.text);
}
