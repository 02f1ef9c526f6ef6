import { folderOf } from './base/moduleFiles.ts';

/** Which source files and folders there are, asked for by imports. */
export class KnownFiles {
  private readonly files = new Set<string>();
  /** Number of files under each folder. */
  private readonly folders = new Map<string, number>();

  get all(): Iterable<string> {
    return this.files;
  }

  has(path: string): boolean {
    return path.endsWith('/') ? this.folders.has(path.slice(0, -1)) : this.files.has(path);
  }

  /** Answers the paths that are there now and were not before. */
  add(file: string): readonly string[] {
    if (this.files.has(file)) return [];
    this.files.add(file);
    const fresh = [file];
    for (const folder of foldersAround(file)) {
      const count = this.folders.get(folder) ?? 0;
      if (count === 0) fresh.push(`${folder}/`);
      this.folders.set(folder, count + 1);
    }
    return fresh;
  }

  /** Answers the paths that are no longer there. */
  delete(file: string): readonly string[] {
    if (!this.files.delete(file)) return [];
    const gone = [file];
    for (const folder of foldersAround(file)) {
      const count = (this.folders.get(folder) ?? 1) - 1;
      if (count > 0) this.folders.set(folder, count);
      else {
        this.folders.delete(folder);
        gone.push(`${folder}/`);
      }
    }
    return gone;
  }
}

function foldersAround(file: string): readonly string[] {
  const around: string[] = [];
  for (let folder = folderOf(file); folder !== ''; folder = folderOf(folder)) around.push(folder);
  return around;
}
