import { noArguments } from '../base/calls.ts';
import type { CallContext } from '../base/calls.ts';
import { Calls } from './calls.ts';
import { Classes } from './classes.ts';
import { Expressions } from './expressions.ts';
import { Names } from './names.ts';
import type { Ancestor, Parts, Workspace } from './parts.ts';
import { Signatures } from './signatures.ts';
import { Statements } from './statements.ts';
import { maxFileSteps } from '../base/limits.ts';
import type { Binding, ModuleScope } from '../base/scope.ts';
import type { Statement } from '../lowering/syntax.ts';
import type { ClassDefinition, FunctionValue, Scope, Value } from '../base/values.ts';

/**
 * Follows names, calls and constructors through the source as far as they are plain, and answers `unknown` for the
 * rest. Nothing is run: no user code, no import.
 */
export class Evaluator implements Parts {
  readonly state: Parts['state'];
  readonly names: Names = new Names(this);
  readonly classes: Classes = new Classes(this);
  readonly calls: Calls = new Calls(this);
  readonly expressions: Expressions = new Expressions(this);
  readonly statements: Statements = new Statements(this);
  readonly signatures: Signatures = new Signatures(this);
  private readonly answers = new Map<Binding, Value | null>();

  constructor(workspace: Workspace) {
    this.state = { workspace, busy: new Set(), steps: 0, fileSteps: 0, depth: 0, nesting: 0 };
  }

  /** Every program gets the whole allowance. */
  begin(): void {
    this.state.fileSteps += this.state.steps;
    this.state.steps = 0;
  }

  /** More would have had to be followed than is in one file. */
  get isSpent(): boolean {
    return this.state.fileSteps + this.state.steps > maxFileSteps;
  }

  /** What a name at the top of a file is. */
  lookup(module: ModuleScope, name: string): Value {
    return this.names.lookup(module, name);
  }

  /** The value of one binding alone. */
  bound(module: ModuleScope, binding: Binding): Value {
    return this.names.bound(module, binding);
  }

  /** The class, then its ancestors in the order of method resolution. */
  ancestors(definition: ClassDefinition): readonly Ancestor[] {
    return this.classes.ancestors(definition);
  }

  /** Names of the class's body: constants, nested classes, methods. */
  namesOf(definition: ClassDefinition): Scope {
    return this.classes.namesOf(definition);
  }

  /** What a class makes. */
  instantiate(definition: ClassDefinition, call: CallContext): Value {
    return this.classes.instantiate(definition, call);
  }

  /** What a function at the top of a file returns when it is called without arguments; `null`: it is none. */
  answered(module: ModuleScope, binding: Binding): Value | null {
    const known = this.answers.get(binding);
    if (known !== undefined) return known;
    const value = this.bound(module, binding);
    const answer = value.kind === 'function' ? this.calls.invoke(value, noArguments(module.file)) : null;
    this.answers.set(binding, answer);
    return answer;
  }

  /** Calls a function without arguments and returns the names in its body. */
  localNames(value: FunctionValue): readonly (readonly [string, Value])[] {
    return this.calls.localNames(value);
  }

  bodyOf(value: FunctionValue): readonly Statement[] {
    return this.calls.bodyOf(value);
  }
}
