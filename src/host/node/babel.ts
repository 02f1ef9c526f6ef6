/** What the plugins here use of jiti's Babel. */

/** A node of Babel's syntax tree, as far as it is looked at here. */
export interface Node {
  readonly type: string;
  readonly params?: readonly Node[];
  readonly name?: string;
  readonly value?: unknown;
  readonly key?: Node;
  readonly static?: boolean;
  readonly computed?: boolean;
  readonly object?: Node;
  readonly property?: Node;
  readonly expression?: unknown;
  right?: Node;
  body?: unknown;
  decorators?: readonly Node[] | null;
}

/** Babel's makers of nodes (`@babel/types`), those that are used here. */
export interface Types {
  arrowFunctionExpression(params: readonly Node[], body: Node): Node;
  blockStatement(body: readonly Node[]): Node;
  booleanLiteral(value: boolean): Node;
  callExpression(callee: Node, args: readonly Node[]): Node;
  expressionStatement(expression: Node): Node;
  identifier(name: string): Node;
  memberExpression(object: Node, property: Node): Node;
  numericLiteral(value: number): Node;
  staticBlock(body: readonly Node[]): Node;
  stringLiteral(value: string): Node;
  thisExpression(): Node;
  unaryExpression(operator: 'void', argument: Node): Node;
}

/** `undefined`, also where that name means something else. */
export function nothing(types: Types): Node {
  return types.unaryExpression('void', types.numericLiteral(0));
}

export interface Babel {
  readonly types: Types;
}

export interface NodePath {
  readonly node: Node;
  replaceWith(node: Node): void;
}

export interface ClassPath {
  readonly node: { readonly body: { body: readonly Node[] } };
}

export interface ProgramPath {
  traverse(visitor: { readonly Class: (path: ClassPath) => void }): void;
}

export interface Plugin {
  readonly visitor: {
    readonly MemberExpression?: (path: NodePath) => void;
    readonly OptionalMemberExpression?: (path: NodePath) => void;
    readonly Program?: (path: ProgramPath) => void;
  };
}
