/**
 * A plugin for jiti's Babel, which gets two things of `experimentalDecorators` wrong: its stand-in for `Reflect.metadata` answers
 * with the prototype where a decorator may answer with a descriptor, and decorators of properties want another plugin.
 */
import { nothing } from './babel.ts';
import type { Babel, Node, Plugin, Types } from './babel.ts';

/** Before the plugin that reads decorators comes to any class. */
export function decoratorsOfTypeScript({ types }: Babel): Plugin {
  return {
    visitor: {
      Program: (program) =>
        program.traverse({
          Class: ({ node: { body } }) => {
            for (const member of body.body) member.decorators?.forEach((each) => answerNothing(each, types));
            const calls = [false, true].flatMap((isStatic) =>
              body.body.flatMap((member) => (isStatic === (member.static ?? false) ? callsFor(member, types) : [])),
            );
            if (calls.length > 0) body.body = [...body.body, types.staticBlock(calls)];
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

/**
 * As TypeScript does: a property's decorators are called once the class has its values, those of instances first, with the
 * prototype, the name and nothing, and what they answer is nothing.
 */
function callsFor(member: Node, types: Types): readonly Node[] {
  const decorators = member.decorators ?? [];
  const name = member.type === 'ClassProperty' && member.computed !== true ? keyOf(member.key) : undefined;
  if (decorators.length === 0 || name === undefined) return [];
  member.decorators = null;
  const owner = (): Node => {
    const itself = types.thisExpression();
    return member.static === true ? itself : types.memberExpression(itself, types.identifier('prototype'));
  };
  return decorators
    .toReversed()
    .map(({ expression }) =>
      types.callExpression(expression as Node, [owner(), types.stringLiteral(name), nothing(types)]),
    )
    .map((call) => types.expressionStatement(call));
}

function keyOf(key: Node | undefined): string | undefined {
  return key?.type === 'Identifier' ? key.name : typeof key?.value === 'string' ? key.value : undefined;
}
