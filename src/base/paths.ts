/** Paths of either kind of system, on any: what they mean is in their texts alone. */
import { posix, sep, win32 } from 'node:path';

/** How a system writes its paths. */
export interface PathStyle {
  readonly sep: '/' | '\\';
}

export const posixPaths: PathStyle = posix;
export const windowsPaths: PathStyle = win32;
/** Of this machine. */
export const ownPaths: PathStyle = sep === '\\' ? windowsPaths : posixPaths;

/** The style of a path that another machine may have written: `C:\jobs` and `\\server\jobs` are of Windows. */
export const styleOf = (path: string): PathStyle => (/^[a-z]:[\\/]|^\\\\/i.test(path) ? windowsPaths : posixPaths);

/** Whether it begins at a root, on whatever system. */
export const isAbsoluteAnywhere = (path: string): boolean => win32.isAbsolute(path);

/**
 * What of `path` lies below `folder`, as it is written; '' for the folder itself, `null` where it lies elsewhere. Windows knows no
 * case (VS Code writes `c:\`, Node `C:\`), and either slash.
 */
export function pathBelow(path: string, folder: string, style: PathStyle = ownPaths): string | null {
  const prefix = isEnded(folder, style) ? folder : `${folder}${style.sep}`;
  if (comparable(path, style) === comparable(folder, style)) return '';
  return comparable(path, style).startsWith(comparable(prefix, style)) ? path.slice(prefix.length) : null;
}

/** Whether both name one place, as far as their texts say. */
export const isSamePath = (a: string, b: string, style: PathStyle = ownPaths): boolean =>
  comparable(a, style) === comparable(b, style);

const isWindows = ({ sep: own }: PathStyle): boolean => own === '\\';
const isEnded = (folder: string, style: PathStyle): boolean =>
  folder.endsWith(style.sep) || (isWindows(style) && folder.endsWith('/'));

function comparable(path: string, style: PathStyle): string {
  return isWindows(style) ? path.replaceAll('/', '\\').toLowerCase() : path;
}
