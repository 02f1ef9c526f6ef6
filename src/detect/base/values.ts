import type { Framework, SignatureFields } from './found.ts';
import { longestList } from './limits.ts';
import type { ModuleScope } from './scope.ts';
import type { ClassSyntax, FunctionSyntax } from '../lowering/syntax.ts';

/** What an expression is, as far as the source shows. */
export type Value =
  /** The framework's package, or what lies in it: `dspy`, `dspy.predict`, `dspy.Predict`. */
  | { readonly kind: 'framework'; readonly framework: Framework; readonly path: readonly string[] }
  /** A file of the workspace, or a folder of them. */
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 'class'; readonly definition: ClassDefinition }
  | FunctionValue
  | { readonly kind: 'instance'; readonly instance: Instance }
  | List
  | Dictionary
  | { readonly kind: 'either'; readonly options: readonly Value[] }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly number: number }
  /** What a predictor takes: the string it was made of, or its class's name; `fields` where they are known. */
  | { readonly kind: 'signature'; readonly text: string | null; readonly fields: SignatureFields | null }
  /** A field of a signature: `dspy.InputField()`. */
  | { readonly kind: 'field'; readonly role: 'input' | 'output' }
  | { readonly kind: 'example' }
  /** A loader of data sets, of which every part is a list of examples. */
  | { readonly kind: 'loader' }
  | { readonly kind: 'metric' }
  /** Something outside the workspace, by its dotted name: `copy.deepcopy`, `range`, `Array.from`. */
  | { readonly kind: 'free'; readonly name: string }
  | { readonly kind: 'unknown' };

/** Names of a function or class body; beyond them, the file's as they are at `before` in its order. */
export interface Scope {
  readonly names: Map<string, Value>;
  readonly parent: Scope | null;
  readonly module: ModuleScope;
  readonly before: number;
}

export interface FunctionValue {
  readonly kind: 'function';
  readonly syntax: FunctionSyntax;
  readonly scope: Scope;
  /** What `self` or `this` is when it is called. */
  readonly bound: Instance | null;
  /** The class it was defined in, for `super`. */
  readonly home: ClassDefinition | null;
}

export interface ClassDefinition {
  readonly syntax: ClassSyntax;
  readonly scope: Scope;
  readonly module: ModuleScope;
}

/** Mutable, as the lists of Python and TypeScript are. */
export interface List {
  readonly kind: 'list';
  readonly items: Item[];
}

/** `many`: stands for any number of items. */
export interface Item {
  readonly value: Value;
  readonly many: boolean;
}

export interface Dictionary {
  readonly kind: 'dictionary';
  /** A key that is not known is `*`. */
  readonly entries: Map<string, Value>;
}

/** An object with attributes; a predictor when `predictor` is set. */
export interface Instance {
  readonly definition: ClassDefinition | null;
  readonly attributes: Map<string, Value>;
  /** Its parts are walked: a module of the framework, not just any object. */
  readonly isModule: boolean;
  predictor: MadePredictor | null;
}

export interface MadePredictor {
  readonly signature: string | null;
  readonly fields: SignatureFields | null;
  readonly line: number;
  readonly file: string;
}

export const unknown: Value = { kind: 'unknown' };

export function either(options: readonly Value[]): Value {
  if (options.length === 1) return options[0]!;
  const all = options
    .flatMap((each) => (each.kind === 'either' ? each.options : [each]))
    .filter((each) => each.kind !== 'unknown');
  const different = [...new Set(all)];
  if (different.length === 0) return unknown;
  return different.length === 1 ? different[0]! : { kind: 'either', options: different };
}

/** Each value that it can be. */
export function optionsOf(value: Value): readonly Value[] {
  return value.kind === 'either' ? value.options : [value];
}

export function listOf(values: readonly Value[], many = false): List {
  return { kind: 'list', items: values.map((value) => ({ value, many })) };
}

/** Appends, as far as a list of people's goes. */
export function add(list: List, more: readonly Item[]): void {
  const room = Math.max(0, longestList - list.items.length);
  for (const item of more.slice(0, room)) list.items.push(item);
}

/** The key of a dictionary as DSPy prints it into a name. */
export function keyOf(value: Value): string {
  if (value.kind === 'text') return value.text;
  return value.kind === 'number' ? String(value.number) : '*';
}

/** The predictor's signature as it is to be shown; `null` where the source does not say. */
export function signatureText(value: Value): string | null {
  for (const option of optionsOf(value)) {
    if (option.kind === 'text') return option.text;
    if (option.kind === 'signature') return option.text;
    if (option.kind === 'class') return option.definition.syntax.name;
    const last = option.kind === 'free' ? (option.name.split('.').at(-1) ?? '') : '';
    if (/^[A-Z]/.test(last)) return last;
  }
  return null;
}

export function isExamples(value: Value): boolean {
  return optionsOf(value).some(
    (option) => option.kind === 'list' && option.items.some((item) => isExample(item.value)),
  );
}

function isExample(value: Value): boolean {
  return optionsOf(value).some((option) => option.kind === 'example');
}
