/**
 * A plugin for jiti's Babel, which knows `import.meta` by some of its properties: the others are a syntax error where modules are
 * loaded as CommonJS.
 */
import { nothing } from './babel.ts';
import type { Babel, Node, NodePath, Plugin, Types } from './babel.ts';

/** Of Deno, Bun, Node 24 and of test runners, who ask so whether a file is run itself: one that is loaded is not. */
const askedFor: Readonly<Record<string, (types: Types) => Node>> = {
  main: (types) => types.booleanLiteral(false),
  // Objects where there are any: `import.meta.hot?.accept()`.
  hot: nothing,
  vitest: nothing,
};

export function importMetaOfLoaded({ types }: Babel): Plugin {
  const replace = (path: NodePath): void => {
    const { object, property, computed } = path.node;
    if (object?.type !== 'MetaProperty') return;
    const name = computed === true ? property?.value : property?.name;
    if (typeof name === 'string' && Object.hasOwn(askedFor, name)) path.replaceWith(askedFor[name]!(types));
  };
  return { visitor: { MemberExpression: replace, OptionalMemberExpression: replace } };
}
