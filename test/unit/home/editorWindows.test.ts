import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { announceWindow, tokenOfWindow, windowOn } from '../../../src/home/editorWindows.ts';
import { startOf } from '../../../src/base/processStart.ts';
import { followWindow } from '../../../src/run/services/editorWindow.ts';

let root: string;
let folder: string;
let project: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bt-windows-'));
  folder = join(root, 'home', 'editor');
  project = join(root, 'project');
  mkdirSync(join(project, 'inner'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const at = (port: number): string => `http://127.0.0.1:${port}/v1`;

/** A record that another process left. */
function left(name: string, about: Readonly<Record<string, unknown>>): void {
  mkdirSync(folder, { recursive: true });
  const whose = { pid: process.pid, started: startOf(process.pid), host: hostname() };
  const record = { baseURL: at(1), folders: [project], ...whose, since: 1, ...about };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(record));
  writeFileSync(join(folder, `${name}.token`), 'c'.repeat(64), { mode: 0o600 });
}

describe('windows of the editor', () => {
  it('are found by the folders they have open, by links too, and not once they are closed', async () => {
    const window = await announceWindow(folder);
    expect(windowOn(project, folder)).toBeNull();
    await window.publish(at(4001), [project]);
    symlinkSync(project, join(root, 'link'));
    for (const inside of [project, join(project, 'inner'), join(root, 'link')]) {
      const found = windowOn(inside, folder);
      expect(found?.baseURL).toBe(at(4001));
      expect(tokenOfWindow(found!)).toBe(window.token);
    }
    expect(windowOn(root, folder)).toBeNull();
    expect(windowOn(`${project}-two`, folder)).toBeNull();
    await window.publish(at(4001), []);
    expect(windowOn(project, folder)).toBeNull();
    window.remove();
    await window.publish(at(4001), [project]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('have a token each, in files of their user alone, that no record repeats', async () => {
    const [one, two] = [await announceWindow(folder), await announceWindow(folder)];
    await one.publish(at(4001), [project]);
    expect(one.token).toMatch(/^[0-9a-f]{64}$/);
    expect(two.token).not.toBe(one.token);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder)) {
      expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
      if (name.endsWith('.json')) expect(readFileSync(join(folder, name), 'utf8')).not.toContain(one.token);
    }
  });

  it('that ended without a word, or are of another machine, answer nothing; the next window clears them away', async () => {
    left('99999999-aaaaaaaaaaaa', { pid: 99_999_999, since: 5 });
    left('1-bbbbbbbbbbbb', { host: 'another-machine', since: 6 });
    left('2-cccccccccccc', { baseURL: 'http://192.168.0.7:80/v1', since: 7 });
    writeFileSync(join(folder, '3-dddddddddddd.json'), '{"half');
    symlinkSync(join(folder, '1-bbbbbbbbbbbb.json'), join(folder, '4-eeeeeeeeeeee.json'));
    expect(windowOn(project, folder)).toBeNull();
    const window = await announceWindow(folder);
    await window.publish(at(4002), [project]);
    expect(windowOn(project, folder)?.baseURL).toBe(at(4002));
    expect(existsSync(join(folder, '99999999-aaaaaaaaaaaa.token'))).toBe(false);
    // Processes of the other machine may still be there.
    expect(existsSync(join(folder, '1-bbbbbbbbbbbb.json'))).toBe(true);
  });

  it('whose number a later process has, of this user or another, answer nothing and are cleared away', async () => {
    left('7-aaaaaaaaaaaa', { started: 'another boot/1', since: 5 });
    // There since the machine was started, and not this user's where the test is not root's.
    left('8-bbbbbbbbbbbb', { pid: 1, started: startOf(process.pid), since: 6 });
    expect(windowOn(project, folder)).toBeNull();
    const refused = vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
    });
    left('9-cccccccccccc', { since: 7 });
    expect(windowOn(project, folder)).toBeNull();
    await announceWindow(folder);
    refused.mockRestore();
    expect(readdirSync(folder).filter((name) => name.endsWith('.json'))).toEqual([]);
  });

  it('of one folder: the last that was opened answers', () => {
    left('5-aaaaaaaaaaaa', { since: 10, baseURL: at(5) });
    left('6-bbbbbbbbbbbb', { since: 20, baseURL: at(6) });
    expect(windowOn(project, folder)?.baseURL).toBe(at(6));
  });
});

describe('a run that follows its window', () => {
  it('goes on at the next window, with its token, and sends nothing while there is none', async () => {
    const moves: (readonly [string | null, string | undefined])[] = [];
    const connection = { moveTo: (to: string | null, token?: string) => void moves.push([to, token]) };
    const options = { workspace: project, folder, everyMs: 5, warn: () => undefined };
    const first = await announceWindow(folder);
    await first.publish(at(4001), [project]);
    const end = followWindow(connection, options);
    expect(moves).toEqual([[at(4001), first.token]]);
    first.remove();
    await expect.poll(() => moves.at(-1)).toEqual([null, undefined]);
    const second = await announceWindow(folder);
    await second.publish(at(4002), [project]);
    await expect.poll(() => moves.at(-1)).toEqual([at(4002), second.token]);
    end();
    second.remove();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(moves).toHaveLength(3);
  });
});
