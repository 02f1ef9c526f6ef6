import type { CellPlace } from '../../notebook/cell.ts';
import type { Grammar } from './languages.ts';
import type { Expression, Import, Statement } from '../lowering/syntax.ts';
import { namesIn } from '../lowering/targets.ts';
import type { Way } from '../lowering/targets.ts';

/** Where each line of a text stands, the first at index 0, in a notebook; a line between cells is in none. */
export type CellPlaces = readonly (CellPlace | undefined)[];

/** A file as detection knows it. */
export interface FileSyntax {
  readonly file: string;
  readonly grammar: Grammar;
  readonly statements: readonly Statement[];
  /** `null`: lines of the text are lines of the file. */
  readonly places: CellPlaces | null;
  /** Names have their values in all of the file, whatever comes first. */
  readonly isUnordered: boolean;
}

/** One place at the top of a file where a name gets a value. */
export interface Binding {
  readonly order: number;
  readonly line: number;
  /** Under a condition: earlier values of the name count as well. */
  readonly conditional: boolean;
  /** Only when the file is run as a script. */
  readonly inMain: boolean;
  readonly source:
    | {
        readonly kind: 'value';
        readonly value: Expression;
        readonly at: Way;
        readonly type: string | null;
      }
    | Extract<Statement, { kind: 'class' | 'function' }>
    | Import
    /** More items of a list: `x.append(…)`, `x += […]`. */
    | { readonly kind: 'items'; readonly value: Expression; readonly spread: boolean; readonly many: boolean };
}

/** The names at the top of a file. */
export interface ModuleScope extends Pick<FileSyntax, 'file' | 'grammar' | 'places' | 'isUnordered'> {
  readonly bindings: ReadonlyMap<string, readonly Binding[]>;
  readonly stars: readonly Import[];
  /** TypeScript: what others see, by its name there. */
  readonly exports: ReadonlyMap<string, string>;
  /** The first of these names, by what the file calls it. */
  readonly exported: ReadonlyMap<string, string>;
}

interface Place {
  readonly conditional: boolean;
  readonly inMain: boolean;
  readonly inLoop: boolean;
}

export function moduleScope({ statements, ...about }: FileSyntax): ModuleScope {
  const bindings = new Map<string, Binding[]>();
  const stars: Import[] = [];
  const exports = new Map<string, string>();
  let order = 0;
  const bind = (name: string, line: number, place: Place, source: Binding['source']): void => {
    const { conditional, inMain } = place;
    const list = bindings.get(name) ?? [];
    list.push({ order, line, conditional, inMain, source });
    bindings.set(name, list);
  };
  const add = (statement: Statement, place: Place): void => {
    order += 1;
    if (statement.kind === 'export') exports.set(statement.name, statement.local);
    else if (statement.kind === 'import' && statement.local === '*') stars.push(statement);
    else if (statement.kind === 'block') {
      const { role } = statement;
      const inner: Place = {
        conditional: place.conditional || role !== 'plain',
        inMain: place.inMain || role === 'main',
        inLoop: place.inLoop || role === 'loop',
      };
      for (const each of statement.body) add(each, inner);
    } else addNames(statement, place, bind);
  };
  for (const statement of statements) add(statement, { conditional: false, inMain: false, inLoop: false });
  const exported = new Map([...exports].reverse().map(([name, local]) => [local, name]));
  return { ...about, bindings, stars, exports, exported };
}

export type NamedBinding = readonly [name: string, binding: Binding];

/** Every place where a name at the top gets a value. */
export function bindingsIn({ bindings }: ModuleScope): readonly NamedBinding[] {
  return [...bindings].flatMap(([name, all]) => all.map((each) => [name, each] as const));
}

/** The name after `#` in `file#name`; `null` when it is not visible outside. */
export function exportedAs({ grammar, exports, exported, isUnordered }: ModuleScope, name: string): string | null {
  // In a notebook of marimo's such a name is its cell's own.
  if (isUnordered && name.startsWith('_')) return null;
  if (grammar === 'python' || exports.get(name) === name) return name;
  return exported.get(name) ?? null;
}

type Bind = (name: string, line: number, place: Place, source: Binding['source']) => void;

function addNames(statement: Statement, place: Place, bind: Bind): void {
  switch (statement.kind) {
    case 'class':
    case 'function':
      bind(statement.syntax.name, statement.syntax.line, place, statement);
      break;
    case 'import':
      bind(statement.local, 0, place, statement);
      break;
    case 'assign': {
      const { value, line, type } = statement;
      for (const target of statement.targets) {
        for (const [name, at] of namesIn(target)) bind(name, line, place, { kind: 'value', value, at, type });
      }
      break;
    }
    case 'extend':
    case 'expression': {
      const more = statement.kind === 'extend' ? growth(statement.target, statement.value, true) : grows(statement);
      if (more === null) return;
      const { name, value, spread } = more;
      bind(name, statement.line, { ...place, conditional: true }, { kind: 'items', value, spread, many: place.inLoop });
      break;
    }
    default:
  }
}

/** `x.append(item)`, `x.extend(items)`, `x.push(item)`. */
function grows(statement: Extract<Statement, { kind: 'expression' }>) {
  const { value: call } = statement;
  if (call.kind !== 'call' || call.callee.kind !== 'member' || call.positional[0] === undefined) return null;
  const { of, name } = call.callee;
  if (name !== 'append' && name !== 'push' && name !== 'extend') return null;
  return growth(of, call.positional[0], name === 'extend');
}

function growth(target: Expression, value: Expression, spread: boolean) {
  return target.kind === 'name' ? { name: target.name, value, spread } : null;
}
