/** What an evaluation consists of: its parts call each other, and share what they may still spend. */
import type { Grammar } from '../languages.ts';
import type { Exists } from '../moduleFiles.ts';
import { maxFileSteps, maxSteps } from '../limits.ts';
import type { ModuleScope } from '../scope.ts';
import type { BodyText, Statement } from '../lowering/syntax.ts';
import type { ClassDefinition } from '../values.ts';
import type { Calls } from './calls.ts';
import type { Classes } from './classes.ts';
import type { Expressions } from './expressions.ts';
import type { Names } from './names.ts';
import type { Signatures } from './signatures.ts';
import type { Statements } from './statements.ts';

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
