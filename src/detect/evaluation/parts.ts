/** What an evaluation consists of: its parts call each other, and share what they may still spend. */
import type { CallContext } from '../base/calls.ts';
import type { SignatureFields } from '../base/found.ts';
import type { Grammar } from '../base/languages.ts';
import type { Exists } from '../base/moduleFiles.ts';
import { maxFileSteps, maxSteps } from '../base/limits.ts';
import type { Binding, ModuleScope } from '../base/scope.ts';
import type { BodyText, Call, Expression, Import, Statement } from '../lowering/syntax.ts';
import type { ClassDefinition, FunctionValue, Instance, Scope, Value } from '../base/values.ts';
import type { Frame } from './frame.ts';

/** The files of the workspace, as one evaluation sees them. */
export interface Workspace {
  /** Names at the top of a file; `null` when it has nothing to do with a framework. */
  moduleScope(file: string): ModuleScope | null;
  readonly exists: Exists;
  /** What a function's body consists of. */
  statements(body: BodyText, grammar: Grammar): readonly Statement[];
}

/** A class in the order of method resolution: one of the workspace, or the framework's by its name. */
export type Ancestor = ClassDefinition | string;

/** Whether no more is looked into: what is left of the program, or of the file, is unknown. */
export function isSpent({ steps, fileSteps }: Parts['state']): boolean {
  return steps > maxSteps || fileSteps + steps > maxFileSteps;
}

export interface Names {
  lookup(module: ModuleScope, name: string, before?: number): Value;
  bound(module: ModuleScope, binding: Binding): Value;
  define(syntax: ClassDefinition['syntax'], scope: Scope): ClassDefinition;
  imported(module: ModuleScope, imported: Import): Value;
  member(value: Value, name: string): Value;
}

export interface Classes {
  ancestors(definition: ClassDefinition): readonly Ancestor[];
  namesOf(definition: ClassDefinition): Scope;
  classMember(definition: ClassDefinition | null, name: string, self: Instance | null, after?: ClassDefinition): Value;
  instantiate(definition: ClassDefinition, call: CallContext): Value;
  construct(instance: Instance, line: readonly Ancestor[], call: CallContext): void;
  constructAs(instance: Instance, name: string, call: CallContext): void;
  isBodyOf(definition: ClassDefinition, scope: Scope): boolean;
}

export interface Calls {
  invoke(value: FunctionValue, call: CallContext): Value;
  localNames(value: FunctionValue): readonly (readonly [string, Value])[];
  bodyOf(value: FunctionValue): readonly Statement[];
  call(call: Call, frame: Frame): Value;
}

export interface Expressions {
  in(scope: Scope, expression: Expression): Value;
  evaluate(expression: Expression, frame: Frame): Value;
  item(of: Value, index: Value, syntax?: Expression): Value;
}

export interface Statements {
  execute(statements: readonly Statement[], frame: Frame): void;
  assign(target: Expression, value: Value, frame: Frame): void;
}

export interface Signatures {
  fieldsOf(value: Value): SignatureFields | null;
  changed(of: Value, name: string, call: CallContext): Value | null;
}

export interface Parts {
  readonly state: {
    readonly workspace: Workspace;
    /** What is being looked up: a name that leads to itself has no value. */
    readonly busy: Set<unknown>;
    /** Taken for one program, and for those of the file before it. */
    steps: number;
    fileSteps: number;
    depth: number;
    nesting: number;
  };
  readonly names: Names;
  readonly classes: Classes;
  readonly calls: Calls;
  readonly expressions: Expressions;
  readonly statements: Statements;
  readonly signatures: Signatures;
}
