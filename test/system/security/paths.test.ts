/** Paths of a configuration, of a run and of services lead nowhere but where they belong. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { resolveProgram } from '../../../src/config/resolve.ts';
import { homeAt } from '../../../src/home/home.ts';
import { FileStore } from '../../../src/embedded/files/fileStore.ts';
import { JobStore } from '../../../src/embedded/jobs/jobStore.ts';
import { ServedModels } from '../../../src/embedded/models/servedModels.ts';
import { rowsFileName } from '../../../src/data/rowsFile.ts';
import { createRunFolder, findRun } from '../../../src/run/record/runFolder.ts';
import { findWeights } from '../../../src/run/weights/findWeights.ts';

let outside: string;
let workspace: string;

beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'bettertogether-outside-'));
  workspace = join(outside, 'workspace');
  mkdirSync(workspace);
  writeFileSync(join(outside, 'secret.jsonl'), '{"question": "q", "answer": "a"}\n');
  writeFileSync(join(workspace, 'rows.jsonl'), '{"question": "q", "answer": "a"}\n');
  writeFileSync(join(workspace, 'program.ts'), 'export const A = null;\n');
  writeFileSync(join(outside, 'program.ts'), 'export const A = null;\n');
});
afterEach(() => {
  rmSync(outside, { recursive: true });
});

async function resolveWith(change: Record<string, string>, overrides = {}) {
  const entry = { program: 'program.ts#A', metric: 'exactMatch:answer', train: 'rows.jsonl', ...change };
  writeFileSync(join(workspace, 'bettertogether.json'), JSON.stringify({ programs: { a: entry } }));
  return resolveProgram(await loadConfig(workspace), 'a', overrides, workspace);
}

describe('a configuration', () => {
  it.each([
    ['train', '../secret.jsonl'],
    ['dev', 'data/../../secret.jsonl'],
    ['program', '../program.ts#A'],
    ['metric', '../program.ts#A'],
    ['test', '/etc/hosts.jsonl'],
  ])('does not reach out of its workspace by %s: %s', async (setting, path) => {
    await expect(resolveWith({ [setting]: path })).rejects.toMatchObject({
      exit: 2,
      message: expect.stringMatching(new RegExp(`"${setting}" .*outside of`)) as unknown,
    });
  });

  it('does not reach out by a link', async () => {
    symlinkSync(join(outside, 'secret.jsonl'), join(workspace, 'innocent.jsonl'));
    await expect(resolveWith({ train: 'innocent.jsonl' })).rejects.toThrow(/secret\.jsonl, outside of/);
    symlinkSync(outside, join(workspace, 'data'));
    await expect(resolveWith({ train: 'data/secret.jsonl' })).rejects.toThrow('outside of');
  });

  it('names files of its own repository, and the person on the command line any', async () => {
    expect((await resolveWith({ train: 'rows.jsonl' })).data.train).toBe(join(workspace, 'rows.jsonl'));
    const own = await resolveWith({}, { train: join(outside, 'secret.jsonl') });
    expect(own.data.train).toBe(join(outside, 'secret.jsonl'));
    mkdirSync(join(outside, '.git'));
    expect((await resolveWith({ train: '../secret.jsonl' })).data.train).toBe(join(outside, 'secret.jsonl'));
  });
});

describe('names that come from elsewhere', () => {
  const hostile = ['../x', '..', '.', '/etc/passwd', 'a/../../x', '..\\x', 'a\u0000b', '%2e%2e', '.hidden'];

  it('of runs are looked for among those there are', async () => {
    await createRunFolder(workspace, '../../evil', new Date(0));
    const [run] = readdirSync(join(workspace, '.bettertogether', 'runs'));
    expect(run).toMatch(/^19700101-000000-evil-[0-9a-f]{4}$/);
    for (const name of hostile.filter((one) => !run!.startsWith(one))) {
      await expect(findRun(workspace, name)).rejects.toMatchObject({ exit: 2 });
    }
  });

  it('of training sets become plain file names', () => {
    for (const name of hostile)
      expect(rowsFileName(name)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]*\.jsonl$|^rows\.jsonl$/);
  });

  it('of tuned models, from the service, make no folder elsewhere', async () => {
    for (const model of hostile.filter((one) => one !== '%2e%2e')) {
      const state = { predictors: { a: { instructions: '', demos: [], model } } };
      const endpoint = { kind: 'embedded', name: 'embedded', concurrency: 8, prices: null } as const;
      const asked = { workspace, state, endpoint, model: 'base', program: null, home: { tuned: outside } };
      const exporting = findWeights(asked);
      await expect(exporting).rejects.toMatchObject({ name: 'HumanError' });
    }
    expect(readdirSync(outside).sort()).toEqual(['program.ts', 'secret.jsonl', 'workspace']);
  });

  it('of files, jobs and models, in requests to the embedded server, find nothing', async () => {
    const home = homeAt(join(workspace, 'home'));
    mkdirSync(home.files, { recursive: true });
    mkdirSync(join(home.root, 'evil'), { recursive: true });
    writeFileSync(join(home.root, 'evil', 'job.json'), '{}');
    const files = new FileStore(home);
    const jobs = new JobStore(home);
    const models = new ServedModels(home, { name: 'base', path: '/dev/null', hash: 'h' } as never);
    for (const name of [...hostile, '../evil', 'file-0/../../evil']) {
      await expect(files.content(name)).rejects.toMatchObject({ status: 404 });
      await expect(files.remove(name)).rejects.toMatchObject({ status: 404 });
      expect(await jobs.peek(name)).toBeNull();
      expect(await models.peek(name)).toBeNull();
    }
    const stored = await files.create('../../../evil.jsonl', 'fine-tune', Buffer.from('rows'));
    expect(readdirSync(home.files).sort()).toEqual([stored.id, `${stored.id}.json`]);
    expect(readFileSync(join(home.files, stored.id), 'utf8')).toBe('rows');
  });
});
