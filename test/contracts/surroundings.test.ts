import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonValue } from '../../src/base/json.ts';
import { foundAt } from '../../src/data/foundAt.ts';
import { sealUnder } from '../../src/home/seal.ts';
import { FileSurroundings } from '../../src/run/surroundings/surroundings.ts';
import { FakeSurroundings } from '../unit/engine/fakes.ts';
import { surroundingsContract } from './surroundings.ts';

surroundingsContract('The files of this machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bt-contract-files-'));
  const memo = new Map<string, JsonValue>();
  const at = (name: string) => join(folder, name);
  return {
    connect: () =>
      new FileSurroundings({
        workspace: folder,
        env: {},
        memo: {
          get: (key) => Promise.resolve(memo.get(key)),
          put: (key, value) => Promise.resolve(void memo.set(key, value)),
        },
        seal: sealUnder(() => Buffer.alloc(32, 1)),
        warn: () => undefined,
        freshMs: 0,
      }),
    write: (name, text) => {
      writeFileSync(at(name), text);
    },
    remove: (name) => {
      rmSync(at(name));
    },
    read: (name) => ({ kind: 'file', path: at(name), found: foundAt(at(name)) }),
    close: () => {
      rmSync(folder, { recursive: true });
    },
  };
});

surroundingsContract('The fake of the unit tests', () => {
  const files = new Map<string, string>();
  const sets = new Map<string, readonly string[]>();
  return {
    connect: () => new FakeSurroundings(files, sets),
    write: (name, text) => void files.set(name, text),
    remove: (name) => void files.delete(name),
    read: (path) => ({ kind: 'file', path, found: files.has(path) ? { size: 1, mtime: 1 } : 'nothing' }),
    close: () => undefined,
  };
});
