import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepWorkspace, workspaceId } from '../../../src/home/workspaces.ts';

let top = '';
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'bt-workspaces-'));
  env = { HOME: join(top, 'home'), XDG_DATA_HOME: join(top, 'home') };
});
afterEach(() => {
  rmSync(top, { recursive: true, force: true });
});

function folder(name: string): string {
  mkdirSync(join(top, name), { recursive: true });
  return join(top, name);
}

describe('a workspace', () => {
  it('is the same whether or not the home knows it, and by whatever path it is reached', () => {
    const workspace = folder('project');
    const id = workspaceId(workspace, env);
    expect(existsSync(join(top, 'home'))).toBe(false);
    keepWorkspace(workspace, env);
    symlinkSync(workspace, join(top, 'link'));
    expect(
      [workspace, join(top, 'link'), join(workspace, '..', 'project')].map((path) => workspaceId(path, env)),
    ).toEqual([id, id, id]);
  });

  it('stays the same where it is moved, also twice; a new one at the old path is another', () => {
    const workspace = folder('project');
    keepWorkspace(workspace, env);
    const id = workspaceId(workspace, env);
    for (const name of ['moved', 'moved again']) {
      const to = join(top, name);
      renameSync(name === 'moved' ? workspace : join(top, 'moved'), to);
      expect(workspaceId(to, env)).toBe(id);
      keepWorkspace(to, env);
    }
    expect(readdirSync(join(top, 'home', 'bettertogether', 'workspaces'))).toHaveLength(1);
    expect(workspaceId(folder('project'), env)).not.toBe(id);
    expect(workspaceId(join(top, 'moved again'), env)).toBe(id);
  });

  it('is another than a removed one whose place on the disk it was given', () => {
    const removed = folder('removed');
    keepWorkspace(removed, env);
    const workspace = folder('project');
    const known = join(top, 'home', 'bettertogether', 'workspaces');
    const file = join(known, readdirSync(known)[0]!);
    const { ino } = statSync(workspace, { bigint: true });
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, before.replace(/"place":"(\d+):\d+:\d+"/, `"place":"$1:${ino}:1"`));
    expect(readFileSync(file, 'utf8')).not.toBe(before);
    rmSync(removed, { recursive: true });
    expect(workspaceId(workspace, env)).not.toBe((JSON.parse(before) as { id: string }).id);
  });

  it('is another where it is a copy, and the same where its folder was made anew', () => {
    const workspace = folder('project');
    keepWorkspace(workspace, env);
    const id = workspaceId(workspace, env);
    cpSync(workspace, join(top, 'copy'), { recursive: true });
    expect(workspaceId(join(top, 'copy'), env)).not.toBe(id);
    renameSync(workspace, join(top, 'backup'));
    folder('project');
    expect(workspaceId(workspace, env)).toBe(id);
  });
});
