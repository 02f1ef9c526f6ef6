/** What a program looked at besides its own sources, its state and its row: what its outcomes depend on. */
import * as z from 'zod';

/** Size and time of last change (microseconds since 1970) of a file at the moment it was opened. */
const stampSchema = z.object({ size: z.number(), mtime: z.number() });
export type FileStamp = z.infer<typeof stampSchema>;

/** What was found at a path: a file, a folder, something that is neither (a pipe), or nothing. */
const foundSchema = z.union([stampSchema, z.enum(['folder', 'other', 'nothing'])]);
export type Found = z.infer<typeof foundSchema>;

/** What was found where only that was asked. */
const kindFoundSchema = z.enum(['file', 'folder', 'other', 'nothing']);
export type KindFound = z.infer<typeof kindFoundSchema>;

/** Names that a program may make in a folder which it lists; if it makes more, what it found there is not reported. */
export const mostOwnNames = 500;

/** A file that was opened, or would have been, were it there. */
const fileName = z.object({ kind: z.literal('file'), path: z.string() });
/** A path that was looked at to see whether something is there. */
const placeName = z.object({ kind: z.literal('place'), path: z.string() });
/** A folder that was listed. */
const folderName = z.object({
  kind: z.literal('folder'),
  path: z.string(),
  /** Names in it that the program makes itself, which are no part of what it found. */
  without: z.array(z.string()).max(mostOwnNames),
});
/** By its folder or file in `site-packages` or `node_modules`: its version covers all that is in it. */
const packageName = z.object({ kind: z.literal('package'), path: z.string() });
const variableName = z.object({ kind: z.literal('variable'), name: z.string() });
/** All environment variables at once: a copy, or a look through them. */
const environmentName = z.object({ kind: z.literal('environment') });

/** The name of a thing that was looked at; paths are absolute. */
export const readNameSchema = z.discriminatedUnion('kind', [
  fileName,
  placeName,
  folderName,
  packageName,
  variableName,
  environmentName,
]);
export type ReadName = z.infer<typeof readNameSchema>;

/** A thing with how it was. Packages and variables stay as they are while a process lives. */
export const readSchema = z.discriminatedUnion('kind', [
  fileName.extend({ found: foundSchema }),
  placeName.extend({ found: kindFoundSchema }),
  /** The hash of its entries' names (`hashOfNames`); `null`: there is no such folder. */
  folderName.extend({ entries: z.string().nullable() }),
  packageName,
  variableName,
  environmentName,
]);
export type Read = z.infer<typeof readSchema>;

/** All that a process had read at some moment: what is new since an earlier moment, and that. */
export interface Reads {
  readonly before: Reads | null;
  readonly here: readonly Read[];
}

/** Everything in `reads`, the earliest first. */
export function allReads(reads: Reads | null): readonly Read[] {
  const parts: (readonly Read[])[] = [];
  for (let each = reads; each !== null; each = each.before) parts.push(each.here);
  return parts.reverse().flat();
}

/** What is at a path, without its size and time. */
export function kindOfFound(found: Found): KindFound {
  return typeof found === 'string' ? found : 'file';
}

/** A text for each thing, whatever was found there. */
export function keyOfName(name: ReadName): string {
  switch (name.kind) {
    case 'variable':
      return `variable ${name.name}`;
    case 'environment':
      return 'environment';
    case 'file':
    case 'place':
    case 'folder':
    case 'package':
      return `${name.kind} ${name.path}`;
  }
}

/** The name alone. */
export function nameOfRead(read: Read): ReadName {
  switch (read.kind) {
    case 'file':
    case 'place':
      return { kind: read.kind, path: read.path };
    case 'folder':
      return { kind: 'folder', path: read.path, without: read.without };
    case 'package':
    case 'variable':
    case 'environment':
      return read;
  }
}
