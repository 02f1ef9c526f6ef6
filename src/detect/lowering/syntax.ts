/**
 * What detection keeps of a file, the same for Python and TypeScript: statements that bind names, and expressions as
 * far as they can make a predictor. Plain data, so that no syntax tree has to stay in the parser's memory.
 */
export type Expression =
  | { readonly kind: 'name'; readonly name: string }
  /** `this`; Python's `self` is an ordinary name. */
  | { readonly kind: 'this' }
  | { readonly kind: 'super' }
  | { readonly kind: 'member'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'item'; readonly of: Expression; readonly index: Expression }
  | Call
  | { readonly kind: 'text'; readonly value: string }
  /** An f-string or a template. */
  | { readonly kind: 'template'; readonly parts: readonly (string | Expression)[] }
  | { readonly kind: 'number'; readonly value: number }
  /** Lists, tuples and sets. */
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'spread'; readonly of: Expression }
  | { readonly kind: 'record'; readonly entries: readonly Entry[] }
  | Comprehension
  /** A value that is one of several: conditional expressions, `or`, `??`. */
  | { readonly kind: 'either'; readonly options: readonly Expression[] }
  | { readonly kind: 'binary'; readonly operator: '+' | '*'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'slice' }
  | { readonly kind: 'function'; readonly syntax: FunctionSyntax }
  | { readonly kind: 'class'; readonly syntax: ClassSyntax }
  | { readonly kind: 'opaque' };

export interface Call {
  readonly kind: 'call';
  readonly callee: Expression;
  readonly positional: readonly Expression[];
  readonly named: readonly (readonly [name: string, value: Expression])[];
  readonly line: number;
}

/** `key` is `null` for a spread. */
export interface Entry {
  readonly key: Expression | null;
  readonly value: Expression;
}

/** `[element for target in over if …]`; with `key`, of a dictionary. */
export interface Comprehension {
  readonly kind: 'comprehension';
  readonly key: Expression | null;
  readonly element: Expression;
  readonly clauses: readonly { readonly target: Expression; readonly over: Expression }[];
  /** Has an `if`: how many elements there are is not known. */
  readonly filtered: boolean;
}

export interface Parameter {
  readonly name: string;
  readonly fallback: Expression | null;
  /** May be left out, in TypeScript also without a default value. */
  readonly optional: boolean;
  /** `*args`, `**kwargs`, `...rest`. */
  readonly rest: boolean;
  readonly keywordOnly: boolean;
  /** TypeScript's `private x: string` in a constructor: also a field. */
  readonly field: boolean;
}

export interface FunctionSyntax {
  readonly name: string;
  readonly line: number;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[] | BodyText;
  /** Names of decorators, the last part of each: `staticmethod`, `abstractmethod`. */
  readonly decorators: readonly string[];
  readonly isStatic: boolean;
  readonly isGenerator: boolean;
  readonly isAsync: boolean;
  /** Has classes inside. */
  readonly hasClasses: boolean;
}

/** The source of a body, which is looked into when the function is called; most never are. */
export interface BodyText {
  readonly text: string;
  /** Where it begins, from 1. */
  readonly line: number;
  /** How far its first line is indented. */
  readonly column: number;
}

export interface ClassSyntax {
  readonly name: string;
  readonly line: number;
  readonly bases: readonly Expression[];
  readonly body: readonly Statement[];
  /** Names of decorators in Python, the last part of each: `dataclass`. */
  readonly decorators: readonly string[];
  readonly isAbstract: boolean;
}

export type Statement =
  | {
      readonly kind: 'assign';
      readonly targets: readonly Expression[];
      readonly value: Expression;
      readonly line: number;
      /** The last part of the type that is written: `Metric`. */
      readonly type: string | null;
    }
  /** A name with a type and no value, `x: Annotated[str, dspy.InputField()]`: the type, and what is called in it. */
  | {
      readonly kind: 'declare';
      readonly name: string;
      readonly called: readonly Expression[];
      readonly type: string | null;
    }
  /** `x += [...]`. */
  | { readonly kind: 'extend'; readonly target: Expression; readonly value: Expression; readonly line: number }
  /** An instance field of a class in TypeScript. */
  | { readonly kind: 'field'; readonly name: string; readonly value: Expression }
  | { readonly kind: 'expression'; readonly value: Expression; readonly line: number }
  | { readonly kind: 'return'; readonly value: Expression }
  | { readonly kind: 'class'; readonly syntax: ClassSyntax }
  | { readonly kind: 'function'; readonly syntax: FunctionSyntax }
  | Import
  /** TypeScript: `local` is visible to others as `name`. */
  | { readonly kind: 'export'; readonly local: string; readonly name: string }
  | Block;

/**
 * Binds `local` to `imported` of `module`: a name, `null` for the module itself. With the local name `*`, everything
 * in it (also what a TypeScript file passes on with `export *`).
 */
export interface Import {
  readonly kind: 'import';
  readonly module: string;
  readonly imported: string | null;
  readonly local: string;
}

/** Statements under a condition or in a loop. */
export interface Block {
  readonly kind: 'block';
  readonly body: readonly Statement[];
  /** `main`: under `if __name__ == "__main__"`; `plain`: always executed (`with`, `try`, braces). */
  readonly role: 'conditional' | 'loop' | 'plain' | 'main';
  /** Of a `for`. */
  readonly target: Expression | null;
  readonly over: Expression | null;
}

export const opaque: Expression = { kind: 'opaque' };

export function block(
  body: readonly Statement[],
  role: Block['role'],
  target: Expression | null = null,
  over: Expression | null = null,
): Block {
  return { kind: 'block', body, role, target, over };
}
