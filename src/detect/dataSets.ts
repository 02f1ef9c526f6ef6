import type { Evaluator } from './evaluation/evaluator.ts';
import { functionOf, madeBy } from './factories.ts';
import type { FoundName } from './base/found.ts';
import { isRows } from './rowsShape.ts';
import { exportedAs } from './base/scope.ts';
import type { Binding, ModuleScope, NamedBinding } from './base/scope.ts';
import { isExamples } from './base/values.ts';
import type { Value } from './base/values.ts';

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

/** What loading the name would give; `null`: nothing, or nothing that is made here. */
function rowsOf(local: string, binding: Binding, module: ModuleScope, evaluator: Evaluator): Value | null {
  const { source } = binding;
  if (source.kind !== 'value' && source.kind !== 'function') return null;
  if (functionOf(binding) !== null) return madeBy(binding, module, evaluator);
  const value = evaluator.bound(module, binding);
  // With what is appended to it further down.
  if (value.kind === 'list') return evaluator.lookup(module, local);
  return value.kind === 'function' ? null : value;
}
