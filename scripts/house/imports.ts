/** Which file imports which, types included, and where that goes round. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

export interface Import {
  /** A file, absolute, or the name of a package. */
  readonly from: string;
  /** Nothing of it is left when the code runs. */
  readonly typeOnly: boolean;
}

/** What a file imports, exports again or loads by `import()`. */
export function importsOf(file: string, text = readFileSync(file, 'utf8')): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    const { text: name } = specifier;
    found.push({ from: name.startsWith('.') ? resolve(dirname(file), name) : name, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, takesTypesOnly(node.importClause));
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return found;
}

/** `import type …`, and `import { type A, type B }`. */
function takesTypesOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined || clause.isTypeOnly) return clause !== undefined;
  const { name, namedBindings } = clause;
  if (name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings)) return false;
  return namedBindings.elements.every(({ isTypeOnly }) => isTypeOnly);
}

export function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

/** Files, absolute, each with what it imports. */
export type House = ReadonlyMap<string, readonly Import[]>;

export const houseAt = (folder: string): House => new Map(filesIn(folder).map((file) => [file, importsOf(file)]));

/** Modules of a Python package, each with those that it imports by a relative import, wherever in the file that stands. */
export function pythonHouseAt(folder: string): House {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.py') && !name.split(sep).includes('tests'))
    .map((name) => join(folder, name));
  const known = new Set(files);
  return new Map(files.map((file) => [file, pythonImportsOf(file, known)]));
}

function pythonImportsOf(file: string, known: ReadonlySet<string>): readonly Import[] {
  const statements = readFileSync(file, 'utf8').matchAll(/^\s*from (\.+)([\w.]*) import (\([^)]*\)|.*)/gm);
  return [...statements].flatMap(([, dots, module, names]) => {
    const package_ = resolve(dirname(file), ...Array.from({ length: dots!.length - 1 }, () => '..'));
    const place = join(package_, ...module!.split('.'));
    const imported = names!.matchAll(/[\w]+(?= as |[,)\s]|$)/g);
    const modules = [`${place}.py`, ...[...imported].map(([name]) => `${join(place, name)}.py`)];
    return modules.filter((each) => known.has(each)).map((from) => ({ from, typeOnly: false }));
  });
}

/** The files beside the folders count as one folder. */
export const folderIn =
  (root: string) =>
  (file: string): string =>
    relative(root, file).split(sep).slice(0, -1).join('/') || '.';

/** The folder of a file, or the file itself where it is beside the folders. */
export const roomIn =
  (root: string) =>
  (file: string): string => {
    const folder = folderIn(root)(file);
    return folder === '.' ? relative(root, file) : folder;
  };

/** Pairs of places, folders or files, that import each other, types included, by whatever way. */
export function circles(house: House, placeOf: (file: string) => string): readonly string[] {
  const next = new Map<string, Set<string>>();
  for (const [file, imports] of house) {
    const place = placeOf(file);
    const others = imports.filter(({ from }) => house.has(from)).map(({ from }) => placeOf(from));
    next.set(place, new Set([...(next.get(place) ?? []), ...others.filter((other) => other !== place)]));
  }
  const reachable = (from: string, seen = new Set<string>()): ReadonlySet<string> => {
    for (const other of next.get(from) ?? []) {
      if (seen.has(other)) continue;
      seen.add(other);
      reachable(other, seen);
    }
    return seen;
  };
  const reach = new Map([...next.keys()].map((place) => [place, reachable(place)]));
  const places = [...reach.keys()].toSorted();
  return places.flatMap((a) =>
    places.filter((b) => a < b && reach.get(a)!.has(b) && reach.get(b)!.has(a)).map((b) => `${a} and ${b}`),
  );
}
