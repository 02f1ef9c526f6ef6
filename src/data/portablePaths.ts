/** Paths within the workspace as files keep them: they stand for the same place after the folder was moved or renamed. */
import { join, sep } from 'node:path';

/** As VS Code writes it in settings and tasks. */
const start = '${workspaceFolder}/';

/** `path`, absolute, as a file keeps it; one beyond the workspace stays as it is. */
function kept(path: string, workspace: string): string {
  const prefix = workspace.endsWith(sep) ? workspace : `${workspace}${sep}`;
  return path.startsWith(prefix) ? `${start}${path.slice(prefix.length).replaceAll(sep, '/')}` : path;
}

/** The absolute path that `kept` wrote. */
function located(path: string, workspace: string): string {
  return path.startsWith(start) ? join(workspace, path.slice(start.length)) : path;
}

/** `value` with all of its paths, keys of objects among them, as a file keeps them. */
export const keptPaths = <T>(value: T, workspace: string): T => mapStrings(value, (text) => kept(text, workspace));

/** The reverse of `keptPaths`. */
export const locatedPaths = <T>(value: T, workspace: string): T =>
  mapStrings(value, (text) => located(text, workspace));

/** `T` stays what it is: strings become strings, and all else is copied. */
function mapStrings<T>(value: T, change: (text: string) => string): T {
  const mapped = (part: unknown): unknown => {
    if (typeof part === 'string') return change(part);
    if (Array.isArray(part)) return part.map(mapped);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, each]) => [change(key), mapped(each)]));
  };
  return mapped(value) as T;
}
