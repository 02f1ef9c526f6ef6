/** A workspace of an earlier build in a folder of its own, with the home of the user who had that build. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finished } from '../workspace.ts';
import { startIn } from '../workspace.ts';
import { here, madeBy, recordsName, unset } from './made.ts';
import type { Made } from './made.ts';

export class OldWorkspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'bettertogether-upgrade-'));
  readonly made: Made;
  readonly #home = mkdtempSync(join(tmpdir(), 'bettertogether-upgrade-home-'));

  /** As its user has it after an upgrade, or as it is `copied` to somebody else. */
  constructor(build: string, whose: 'own' | 'copied' = 'own') {
    const from = madeBy(build);
    this.made = JSON.parse(readFileSync(join(from, 'made.json'), 'utf8')) as Made;
    cpSync(join(from, 'workspace'), this.folder, { recursive: true });
    renameSync(join(this.folder, recordsName.kept), this.records());
    for (const run of readdirSync(this.records('runs'))) {
      const lock = this.records('runs', run, 'lock.json');
      if (existsSync(lock)) writeFileSync(lock, readFileSync(lock, 'utf8').replace(here, hostname()));
    }
    if (whose === 'own' && this.made.workspace !== null) this.#bringHome(from, this.made.workspace);
  }

  records(...parts: readonly string[]): string {
    return join(this.folder, recordsName.there, ...parts);
  }

  run(args: readonly string[]): Promise<Finished> {
    const data = join(this.#home, 'data');
    const home = { HOME: this.#home, XDG_DATA_HOME: data, LOCALAPPDATA: data, BETTERTOGETHER_HOME: '' };
    return startIn(this.folder, args, { ...home, ...unset }).done;
  }

  /** Every record with its content. */
  snapshot(): ReadonlyMap<string, string> {
    const files = readdirSync(this.records(), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    return new Map(
      files.map(({ parentPath, name }) => {
        const file = join(parentPath, name);
        return [file, createHash('sha256').update(readFileSync(file)).digest('hex')];
      }),
    );
  }

  dispose(): void {
    for (const folder of [this.folder, this.#home]) rmSync(folder, { recursive: true, force: true });
  }

  /** The home knows the folder as the workspace that the old build worked in. */
  #bringHome(from: string, id: string): void {
    const home = join(this.#home, 'data', 'bettertogether');
    const known = join(home, 'workspaces');
    mkdirSync(known, { recursive: true, mode: 0o700 });
    writeFileSync(join(home, 'secret'), readFileSync(join(from, 'secret')), { mode: 0o600 });
    const folder = realpathSync.native(this.folder);
    const name = createHash('sha256').update(folder).digest('hex').slice(0, 32);
    writeFileSync(join(known, `${name}.json`), JSON.stringify({ id, folder, place: '' }));
  }
}
