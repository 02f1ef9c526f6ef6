/** The program's code as its author wrote it, for an LM that is to improve its prompts. */
import { readFileSync, statSync } from 'node:fs';
import { extname, relative } from 'node:path';
import { sourceCharactersAtMost } from '../../../base/limits.ts';
import { languages } from '../../../data/language.ts';
import { isModule } from '../../../program/brands.ts';
import { declarationsOf } from './declarations.ts';
import type { Declaration } from './declarations.ts';
import { withoutData } from './literalData.ts';

/** Bytes of a file that is looked into. */
const fileBytesAtMost = 1_000_000;

export interface ReadProgram {
  /** The name that the program is exported under. */
  readonly name: string;
  /** The file that exports it; absolute, as the others are. */
  readonly file: string;
  /** All files of the user's that were loaded. */
  readonly files: readonly string[];
  /** Where its predictors hang. */
  readonly root: object;
  readonly workspace: string;
}

interface Piece {
  readonly file: string;
  readonly source: string;
  readonly declaration: Declaration;
}

/**
 * What the program is put together from: the declaration of its export, the classes of it and of its modules, and the
 * signatures and classes that these name, from the files as they are on the disk. No data: lists and objects at the top
 * of a file are left out, and so are rows within the code.
 *
 * @returns `undefined` where it cannot be had: a file that is gone, or a declaration of another form.
 */
export function programSource({ name, file, files, root, workspace }: ReadProgram): string | undefined {
  const readable = files.filter((each) => languages.typescript.endings.includes(extname(each)));
  const scope = new Scope([...new Set([file, ...readable])]);
  const exported = scope.declared(file, name).filter((piece) => !isList(piece.declaration));
  const classes = classNamesOf(root).flatMap((each) => scope.found(file, each));
  const reached = scope.reached([...exported, ...classes.filter(({ declaration }) => isShown(declaration))]);
  const texts = new Map(reached.map((piece) => [piece, textOf(piece)] as const));
  const shown = fitting(texts).sort(
    (a, b) =>
      Number(a.file !== file) - Number(b.file !== file) ||
      a.file.localeCompare(b.file) ||
      a.declaration.start - b.declaration.start,
  );
  if (shown.length === 0) return undefined;
  const several = new Set(shown.map((piece) => piece.file)).size > 1;
  const begins = (at: number): boolean => several && shown[at]!.file !== shown[at - 1]?.file;
  return shown
    .flatMap((piece, at) => [...(begins(at) ? [`// ${relative(workspace, piece.file)}`] : []), texts.get(piece)!])
    .join('\n\n');
}

function textOf({ source, declaration }: Piece): string {
  return withoutData(source, declaration.start, declaration.tokens);
}

/** The declarations of some files by name. */
class Scope {
  readonly #files: readonly string[];
  readonly #sources = new Map<string, string>();
  readonly #pieces = new Map<string, readonly Piece[]>();

  constructor(files: readonly string[]) {
    this.#files = files;
  }

  declared(file: string, name: string): readonly Piece[] {
    if (name !== 'default' && !this.#source(file).includes(name)) return [];
    return this.#piecesOf(file).filter(({ declaration }) => declaration.names.includes(name));
  }

  /** What a name stands for in a file: what is declared there, else in the one other file that declares it. */
  found(file: string, name: string): readonly Piece[] {
    const own = this.declared(file, name);
    if (own.length > 0) return own;
    const others = this.#files.filter((each) => this.declared(each, name).length > 0);
    return others.length === 1 ? this.declared(others[0]!, name) : [];
  }

  /** What some pieces lead to, each once, the nearest first. */
  reached(from: readonly Piece[]): readonly Piece[] {
    const found = new Set(from);
    for (const piece of found) {
      const imported = this.#imported(piece.file);
      for (const name of wordsOf(piece.declaration)) {
        const named = imported.has(name) ? this.found(piece.file, name) : this.declared(piece.file, name);
        for (const each of named) if (isShown(each.declaration)) found.add(each);
      }
    }
    return [...found];
  }

  #imported(file: string): ReadonlySet<string> {
    const imports = this.#piecesOf(file).filter(({ declaration }) => declaration.kind === 'import');
    return new Set(imports.flatMap(({ declaration }) => wordsOf(declaration)));
  }

  #source(file: string): string {
    const source = this.#sources.get(file) ?? read(file);
    this.#sources.set(file, source);
    return source;
  }

  #piecesOf(file: string): readonly Piece[] {
    const source = this.#source(file);
    const pieces =
      this.#pieces.get(file) ?? declarationsOf(source).map((declaration) => ({ file, source, declaration }));
    this.#pieces.set(file, pieces);
    return pieces;
  }
}

/** Empty where it cannot be had. */
function read(file: string): string {
  try {
    return statSync(file).size > fileBytesAtMost ? '' : readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function wordsOf({ tokens }: Declaration): readonly string[] {
  return tokens.filter(({ kind }, at) => kind === 'word' && tokens[at - 1]?.text !== '.').map(({ text }) => text);
}

/** A class, a signature or a schema of its fields, or a predictor or module that is made at the top of a file. */
function isShown({ kind, tokens, value = 0 }: Declaration): boolean {
  if (kind !== 'value') return kind === 'class';
  return /^(?:new\b|(?:\w+\.)?signature[(<]|z\.)/.test(
    tokens
      .slice(value, value + 4)
      .map(({ text }) => (text === 'new' ? 'new ' : text))
      .join(''),
  );
}

/** A list, or a text or number: data, whatever it is exported as. */
function isList({ kind, tokens, value = 0 }: Declaration): boolean {
  const first = tokens[value];
  return kind === 'value' && (first?.text === '[' || first?.kind === 'text' || first?.kind === 'number');
}

/** The classes of the program and of the modules that hang from it, and those that they extend. */
function classNamesOf(root: object): readonly string[] {
  const names = new Set<string>();
  const seen = new Set<unknown>();
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    const isHolder = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
    if (value !== root && !isModule(value) && !isHolder) return;
    for (let kind = prototypeOf(value); kind !== null; kind = prototypeOf(kind)) {
      const made: unknown = Object.getOwnPropertyDescriptor(kind, 'constructor')?.value;
      if (typeof made === 'function') names.add(made.name);
    }
    Object.values(value).forEach(walk);
  };
  walk(root);
  return [...names];
}

function prototypeOf(value: object): object | null {
  return Object.getPrototypeOf(value) as object | null;
}

/** The nearest first, as many as there is room for; the first in any case. */
function fitting(texts: ReadonlyMap<Piece, string>): Piece[] {
  let room = sourceCharactersAtMost;
  const fits = ([, text]: readonly [Piece, string], at: number): boolean => {
    if (at > 0 && text.length > room) return false;
    room -= text.length;
    return true;
  };
  return [...texts].filter(fits).map(([piece]) => piece);
}
