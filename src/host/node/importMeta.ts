/**
 * A plugin for jiti's Babel, which knows `import.meta` by some of its properties: the others are a syntax error where modules are
 * loaded as CommonJS.
 */

interface Node {
  readonly type: string;
  readonly name?: string;
  readonly computed?: boolean;
  readonly object?: Node;
  readonly property?: Node;
}

interface Types {
  booleanLiteral(value: boolean): Node;
}

interface MemberPath {
  readonly node: Node;
  replaceWith(node: Node): void;
}

interface Plugin {
  readonly visitor: { readonly MemberExpression: (path: MemberPath) => void };
}

/** Of Deno, Bun, Node 24 and of test runners, who ask so whether a file is run itself. */
const askedFor = ['main', 'vitest', 'hot'];

/** A file that is loaded is not run itself. */
export function importMetaOfLoaded({ types }: { readonly types: Types }): Plugin {
  return {
    visitor: {
      MemberExpression: (path) => {
        const { object, property, computed } = path.node;
        if (object?.type !== 'MetaProperty' || computed === true) return;
        if (askedFor.includes(property?.name ?? '')) path.replaceWith(types.booleanLiteral(false));
      },
    },
  };
}
