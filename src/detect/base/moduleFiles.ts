/** Which file of the workspace an import means. Files are named from the root, with `/`. */

/** Asks whether a file (or, with `/` at the end, a folder with files) is there; the asker notes what was asked. */
export type Exists = (path: string) => boolean;

export type Place =
  { readonly kind: 'file'; readonly file: string } | { readonly kind: 'folder'; readonly folder: string };

export function folderOf(file: string): string {
  const slash = file.lastIndexOf('/');
  return slash < 0 ? '' : file.slice(0, slash);
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** A module of Python: `a.b`, `.a`, `..`. */
export function pythonModule(from: string, module: string, exists: Exists): Place | null {
  const dots = /^\.*/.exec(module)![0].length;
  const path = module.slice(dots).split('.').filter(Boolean).join('/');
  if (dots > 0) {
    let base: string | null = folderOf(from);
    for (let up = 1; up < dots && base !== null; up++) base = base === '' ? null : folderOf(base);
    return base === null ? null : pythonPlace(path === '' ? base : join(base, path), exists);
  }
  for (const root of pythonRoots(from, exists)) {
    const place = pythonPlace(join(root, path), exists);
    if (place !== null) return place;
  }
  return null;
}

/** `path.py`, the package `path`, or a folder without `__init__.py`. */
function pythonPlace(path: string, exists: Exists): Place | null {
  for (const file of [join(path, '__init__.py'), `${path}.py`]) {
    if (exists(file)) return { kind: 'file', file };
  }
  return path === '' || exists(`${path}/`) ? { kind: 'folder', folder: path } : null;
}

/** A module within a package or folder. */
export function pythonSubmodule(place: Place, name: string, exists: Exists): Place | null {
  if (place.kind === 'folder') return pythonPlace(join(place.folder, name), exists);
  return place.file.endsWith('__init__.py') ? pythonPlace(join(folderOf(place.file), name), exists) : null;
}

/**
 * Where Python looks for `import a`: the nearest folder around the file that is not a package (the one it is run in),
 * the folders above it up to the root, `src` in each; last the packages around the file, for scripts inside them.
 */
function pythonRoots(from: string, exists: Exists): string[] {
  const around = foldersAround(folderOf(from));
  const isPackage = (folder: string): boolean => exists(join(folder, '__init__.py'));
  const roots = around.filter((folder) => !isPackage(folder)).flatMap((folder) => [folder, join(folder, 'src')]);
  return [...roots, ...around.filter(isPackage)];
}

const endings = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx'];

/**
 * A module of TypeScript: relative, or `@/…` and `~/…` from the nearest `src` around the file that has it, else from a folder around
 * the file, as bundlers are set up to.
 */
export function typescriptModule(from: string, module: string, exists: Exists): string | null {
  const alias = /^[@~]\/(.*)$/.exec(module)?.[1];
  if (alias !== undefined) return aliasPlace(folderOf(from), alias, exists);
  if (!/^\.\.?(?:\/|$)/.test(module)) return null;
  const parts = folderOf(from).split('/').filter(Boolean);
  for (const part of module.split('/')) {
    if (part === '..' && parts.pop() === undefined) return null;
    if (part !== '..' && part !== '.' && part !== '') parts.push(part);
  }
  return typescriptPlace(parts.join('/'), exists);
}

function aliasPlace(folder: string, alias: string, exists: Exists): string | null {
  const around = foldersAround(folder);
  // A file beside the importing one may have the same name, so without a `src` the outermost folder goes first.
  const roots = [...around.map((each) => join(each, 'src')), ...around.toReversed()];
  return roots.map((root) => typescriptPlace(join(root, alias), exists)).find((place) => place !== null) ?? null;
}

/** The folder and those around it, from within. */
function foldersAround(folder: string): readonly string[] {
  return folder === '' ? [folder] : [folder, ...foldersAround(folderOf(folder))];
}

/** `path` itself, with an ending, as `.js` that is written for `.ts`, or the folder's index. */
function typescriptPlace(path: string, exists: Exists): string | null {
  const written = /^(.*)\.([cm]?)jsx?$/.exec(path);
  const candidates = [
    ...(endings.some((ending) => path.endsWith(ending)) ? [path] : []),
    ...(written === null ? [] : [`${written[1]!}.${written[2]!}ts`, `${written[1]!}.tsx`]),
    ...(path === '' ? [] : endings.map((ending) => path + ending)),
    ...endings.map((ending) => join(path, `index${ending}`)),
  ];
  return candidates.find(exists) ?? null;
}
