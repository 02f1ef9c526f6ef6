import type { FunctionSyntax } from '../lowering/syntax.ts';
import type { ClassDefinition, FunctionValue, Instance, Scope, Value } from '../base/values.ts';

/** Where a statement or expression is. */
export interface Frame {
  readonly scope: Scope;
  readonly self: Instance | null;
  /** The class around the method, for `super`. */
  readonly home: ClassDefinition | null;
  /** Under a condition: assignments add to what a name can be. */
  readonly conditional: boolean;
  /** In a loop of unknown length: an item stands for many. */
  readonly many: boolean;
  readonly returns: Value[];
}

export function topFrame(scope: Scope): Frame {
  return { scope, self: null, home: null, conditional: false, many: false, returns: [] };
}

export function functionValue(syntax: FunctionSyntax, scope: Scope): FunctionValue {
  return { kind: 'function', syntax, scope, bound: null, home: null };
}
