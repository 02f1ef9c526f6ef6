/**
 * A plugin for jiti's Babel, which gets two things of `experimentalDecorators` wrong: its stand-in for `Reflect.metadata` answers
 * with the prototype where a decorator may answer with a descriptor, and decorators of properties want another plugin.
 */

/** A node of Babel's syntax tree, as far as it is looked at here. */
interface Node {
  readonly type: string;
  readonly operator?: string;
  readonly params?: readonly Node[];
  readonly name?: string;
  readonly value?: unknown;
  readonly key?: Node;
  readonly static?: boolean;
  readonly computed?: boolean;
  readonly expression?: unknown;
  right?: Node;
  body?: unknown;
  decorators?: readonly Node[] | null;
}

/** Babel's makers of nodes (`@babel/types`), those that are used here. */
interface Types {
  arrowFunctionExpression(params: readonly Node[], body: Node): Node;
  blockStatement(body: readonly Node[]): Node;
  callExpression(callee: Node, args: readonly Node[]): Node;
  expressionStatement(expression: Node): Node;
  identifier(name: string): Node;
  memberExpression(object: Node, property: Node): Node;
  staticBlock(body: readonly Node[]): Node;
  stringLiteral(value: string): Node;
  thisExpression(): Node;
}

interface ClassPath {
  readonly node: { readonly body: { body: readonly Node[] } };
}

interface ProgramPath {
  traverse(visitor: { readonly Class: (path: ClassPath) => void }): void;
}

interface Plugin {
  readonly visitor: { readonly Program: (path: ProgramPath) => void };
}

/** Before the plugin that reads decorators comes to any class. */
export function decoratorsOfTypeScript({ types }: { readonly types: Types }): Plugin {
  return {
    visitor: {
      Program: (program) =>
        program.traverse({
          Class: ({ node: { body } }) => {
            for (const member of body.body) member.decorators?.forEach((each) => answerNothing(each, types));
            body.body = body.body.flatMap((member) => [member, ...calledApart(member, types)]);
          },
        }),
    },
  };
}

/** `Reflect.metadata?.(…) || ((t) => t)`: what it stands in for answers nothing. */
function answerNothing({ expression }: Node, types: Types): void {
  const either = expression as Node;
  const { right } = either;
  if (either.type !== 'LogicalExpression' || right?.type !== 'ArrowFunctionExpression') return;
  const [param] = right.params ?? [];
  const body = right.body as Node;
  if (param?.name === undefined || body.name !== param.name) return;
  either.right = types.arrowFunctionExpression([], types.blockStatement([]));
}

/** As TypeScript does: a property's decorators are called with the prototype and the name, and what they answer is nothing. */
function calledApart(member: Node, types: Types): readonly Node[] {
  const decorators = member.decorators ?? [];
  const name = member.type === 'ClassProperty' && member.computed !== true ? keyOf(member.key) : undefined;
  if (decorators.length === 0 || name === undefined) return [];
  member.decorators = null;
  const owner = (): Node => {
    const itself = types.thisExpression();
    return member.static === true ? itself : types.memberExpression(itself, types.identifier('prototype'));
  };
  const calls = decorators
    .toReversed()
    .map(({ expression }) => types.callExpression(expression as Node, [owner(), types.stringLiteral(name)]))
    .map((call) => types.expressionStatement(call));
  return [types.staticBlock(calls)];
}

function keyOf(key: Node | undefined): string | undefined {
  return key?.type === 'Identifier' ? key.name : typeof key?.value === 'string' ? key.value : undefined;
}
