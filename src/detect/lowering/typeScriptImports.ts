import type { Node } from 'web-tree-sitter';
import { field, named } from './nodes.ts';
import { namesIn } from './targets.ts';
import type { Expression, Import, Statement } from './syntax.ts';

/** `require('x')` and `await import('x')`. */
export function requiredModule(value: Node): string | null {
  const call = value.type === 'await_expression' ? (named(value)[0] ?? value) : value;
  if (call.type !== 'call_expression') return null;
  const callee = field(call, 'function')?.text;
  if (callee !== 'require' && callee !== 'import') return null;
  const [source] = named(field(call, 'arguments'));
  return source?.type === 'string' ? source.text.slice(1, -1) : null;
}

export function lowerRequire(name: Node, module: string): Statement[] {
  if (name.type !== 'object_pattern') return [{ kind: 'import', module, imported: null, local: name.text }];
  return named(name).map((each): Import => {
    const imported = field(each, 'key')?.text ?? each.text;
    return { kind: 'import', module, imported, local: field(each, 'value')?.text ?? imported };
  });
}

/** `exports.a = …`, `module.exports.a = …`, `module.exports = { a }`. */
export function commonJsExports(target: Expression, value: Expression): Statement[] {
  if (target.kind !== 'member') return [];
  const ofModule = target.of.kind === 'name' && target.of.name === 'module' && target.name === 'exports';
  if (ofModule && value.kind === 'record') {
    return value.entries.flatMap(({ key, value: item }): Statement[] =>
      key?.kind === 'text' && item.kind === 'name' ? [{ kind: 'export', local: item.name, name: key.value }] : [],
    );
  }
  const around = target.of;
  const isExports =
    (around.kind === 'name' && around.name === 'exports') || (around.kind === 'member' && around.name === 'exports');
  return isExports && value.kind === 'name' ? [{ kind: 'export', local: value.name, name: target.name }] : [];
}

export function lowerImport(node: Node): Statement[] {
  const module = field(node, 'source')?.text.slice(1, -1);
  const clause = named(node).find((each) => each.type === 'import_clause');
  if (module === undefined || clause === undefined) return [];
  return named(clause).flatMap((each): Import[] => {
    if (each.type === 'identifier') return [{ kind: 'import', module, imported: 'default', local: each.text }];
    if (each.type === 'namespace_import') {
      return [{ kind: 'import', module, imported: null, local: named(each)[0]?.text ?? '' }];
    }
    return specifiers(each).map(([imported, local]) => ({ kind: 'import', module, imported, local }));
  });
}

/** Pairs of the name there and the name here. */
export function specifiers(node: Node): [string, string][] {
  return named(node).map((each) => {
    const name = field(each, 'name')?.text ?? '';
    return [name, field(each, 'alias')?.text ?? name];
  });
}

/** `export { a as b } from './c'`: visible to others, not in the file itself, hence a name that cannot be written. */
export function passedOn(module: string, pairs: readonly (readonly [string | null, string])[]): Statement[] {
  return pairs.flatMap(([imported, name]): Statement[] => [
    { kind: 'import', module, imported, local: `export ${name}` },
    { kind: 'export', local: `export ${name}`, name },
  ]);
}

export function exportsOf(statement: Statement, isDefault: boolean): Statement[] {
  const names =
    statement.kind === 'class' || statement.kind === 'function'
      ? [statement.syntax.name]
      : statement.kind === 'assign'
        ? statement.targets.flatMap((each) => namesIn(each).map(([name]) => name))
        : [];
  return names.map((local) => ({ kind: 'export', local, name: isDefault ? 'default' : local }));
}
