import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allReads } from '../../src/data/reads.ts';
import type { Read } from '../../src/data/reads.ts';
import type { ProgramRun } from '../../src/engine/interfaces.ts';
import { fakeLm, nodeHosts, request, startState } from './hostTools.ts';

const hosts = nodeHosts();
const never = new AbortController().signal;
const echo = fakeLm((_field, question) => question);

const at = (file: string): string => join(hosts.workspace.folder, file);

interface Ran {
  readonly run: ProgramRun;
  readonly reads: readonly Read[];
}

let programs = 0;

/** Runs a program whose `forward` does what `body` says, once for each question; relative paths are the workspace's. */
async function runs(body: string, { top = '', questions = ['what'], ending = 'ts' } = {}): Promise<readonly Ran[]> {
  const file = `reads${++programs}.${ending}`;
  hosts.workspace.write(
    file,
    `import { Module, Predict } from 'bettertogether';
import fs, { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
${top}
export class Program extends Module {
  answer = new Predict('question -> answer');
  async forward({ question }) {
    ${body}
    return this.answer({ question });
  }
}
`,
  );
  const host = await hosts.start(`${file}#Program`);
  const state = startState(await host.describe());
  const done: Ran[] = [];
  for (const question of questions) {
    const run = await host.run(request(state, question, { labels: { answer: question } }), echo, never);
    expect(run.error).toBeUndefined();
    done.push({ run, reads: allReads((await run.reads) ?? null) });
  }
  return done;
}

async function readsOf(...given: Parameters<typeof runs>): Promise<readonly Read[]> {
  return (await runs(...given)).at(-1)!.reads;
}

function find(reads: readonly Read[], kind: Read['kind'], name: string): Read | undefined {
  return reads.find(
    (read) => read.kind === kind && ('path' in read ? read.path : read.kind === 'variable' ? read.name : '') === name,
  );
}

function stamp(file: string): { size: number; mtime: number } {
  const { size, mtimeNs } = statSync(at(file), { bigint: true });
  return { size: Number(size), mtime: Number(mtimeNs / 1000n) };
}

describe('a Node host tells what a program reads', () => {
  it('files, however they are opened', async () => {
    const ways = [
      (file: string) => `readFileSync('${file}')`,
      (file: string) => `fs.readFileSync('${file}')`,
      (file: string) => `await readFile('${file}')`,
      (file: string) => `await fs.promises.readFile(new URL('file://' + process.cwd() + '/${file}'))`,
      (file: string) => `await new Promise((done) => fs.readFile('${file}', done))`,
      (file: string) => `for await (const _ of fs.createReadStream('${file}')) void _`,
      (file: string) => `await (await fs.promises.open('${file}')).close()`,
      (file: string) => `fs.closeSync(fs.openSync('${file}', 'r'))`,
      (file: string) => `require('node:fs').readFileSync('${file}')`,
      (file: string) => `(await import('node:fs')).readFileSync('${file}')`,
      (file: string) => `fs.copyFileSync('${file}', 'copy.txt')`,
      (file: string) => `fs.statSync('${file}')`,
    ];
    const files = ways.map((_, i) => `data${i}.txt`);
    for (const file of files) hosts.workspace.write(file, 'A');
    const reads = await readsOf(ways.map((way, i) => way(files[i]!)).join(';\n'));
    for (const file of files) expect(find(reads, 'file', at(file)), file).toMatchObject({ found: stamp(file) });
  });

  it('files of variables that Node loads', async () => {
    hosts.workspace.write('.env', 'FROM_FILE=1');
    hosts.workspace.write('other.env', 'FROM_OTHER=1');
    const reads = await readsOf(`
      process.loadEnvFile();
      process.loadEnvFile('other.env');
      try { process.loadEnvFile('missing.env'); } catch {}
    `);
    for (const name of ['.env', 'other.env'])
      expect(find(reads, 'file', at(name))).toMatchObject({ found: stamp(name) });
    expect(find(reads, 'file', at('missing.env'))).toMatchObject({ found: 'nothing' });
  });

  it('files that are not there, however they are looked for', async () => {
    const ways = [
      ['place', (file: string) => `existsSync('${file}')`],
      ['file', (file: string) => `try { readFileSync('${file}') } catch {}`],
      ['place', (file: string) => `try { fs.accessSync('${file}') } catch {}`],
      ['place', (file: string) => `await fs.promises.access('${file}').catch(() => {})`],
      ['place', (file: string) => `await fs.promises.stat('${file}').catch(() => {})`],
      ['file', (file: string) => `await readFile('${file}').catch(() => {})`],
      ['place', (file: string) => `await new Promise((done) => fs.exists('${file}', done))`],
      ['place', (file: string) => `await require('node:util').promisify(fs.exists)('${file}')`],
    ] as const;
    const reads = await readsOf(ways.map(([, way], i) => way(`later${i}.txt`)).join(';\n'));
    for (const [i, [kind]] of ways.entries()) {
      expect(find(reads, kind, at(`later${i}.txt`)), String(i)).toMatchObject({ found: 'nothing' });
    }
  });

  it('folders, however they are listed', async () => {
    const ways = [
      "fs.readdirSync('rows0')",
      "await fs.promises.readdir('rows1')",
      "await new Promise((done) => fs.readdir('rows2', done))",
      "for await (const _ of await fs.promises.opendir('rows3')) void _",
      "fs.readdirSync('rows4', { recursive: true })",
    ];
    const folders = ['rows0', 'rows1', 'rows2', 'rows3', 'rows4/deep'];
    for (const folder of folders) mkdirSync(at(folder), { recursive: true });
    const empty = await readsOf(ways.join(';\n'));
    for (const folder of folders) writeFileSync(at(`${folder}/one.txt`), '1');
    const one = await readsOf(ways.join(';\n'));
    for (const folder of folders) {
      const [before, after] = [find(empty, 'folder', at(folder)), find(one, 'folder', at(folder))];
      expect(before, folder).toBeDefined();
      expect(after, folder).toBeDefined();
      expect(after, folder).not.toEqual(before);
    }
  });

  it('modules that are loaded late', async () => {
    hosts.workspace.write('late.ts', 'export const x = 1;');
    hosts.workspace.write('late.cjs', 'module.exports = 1;');
    hosts.workspace.write('late.json', '{}');
    const reads = await readsOf("await import('./late.ts'); require('./late.cjs'); require('./late.json')");
    for (const file of ['late.ts', 'late.cjs', 'late.json']) {
      expect(find(reads, 'file', at(file)), file).toMatchObject({ found: stamp(file) });
    }
  });

  it('modules that are loaded late by one that awaits at its top', async () => {
    hosts.workspace.write('late.mjs', 'export const x = await Promise.resolve(1);');
    const top = 'await Promise.resolve();';
    const reads = await readsOf("await import('./late.mjs')", { ending: 'mjs', top });
    expect(find(reads, 'file', at('late.mjs'))).toMatchObject({ found: stamp('late.mjs') });
  });

  it('modules outside of the workspace, and modules that are nowhere', async () => {
    const outside = `${hosts.workspace.folder}-outside`;
    mkdirSync(outside, { recursive: true });
    writeFileSync(join(outside, 'shared.ts'), 'export const x = 1;');
    const body = `await import('${outside}/shared.ts'); try { require('./optional') } catch {}`;
    const reads = await readsOf(body);
    rmSync(outside, { recursive: true });
    expect(find(reads, 'file', join(outside, 'shared.ts'))).toBeDefined();
    expect(find(reads, 'place', at('optional.js')) ?? find(reads, 'file', at('optional.js'))).toMatchObject({
      found: 'nothing',
    });
  });

  it('what is read while the program is loaded', async () => {
    hosts.workspace.write('prompts.txt', 'Be brief.');
    const top =
      "const text = readFileSync('prompts.txt', 'utf8'); const mode = process.env.READS_MODE; void [text, mode];";
    const reads = await readsOf('', { top });
    expect(find(reads, 'file', at('prompts.txt'))).toMatchObject({ found: stamp('prompts.txt') });
    expect(find(reads, 'variable', 'READS_MODE')).toBeDefined();
  });

  it('variables by name, and all of them where they are looked through', async () => {
    const named = await readsOf(
      "void process.env.READS_A; void ('READS_B' in process.env); process.env.READS_OWN = '1'; void process.env.READS_OWN",
    );
    expect(named.filter(({ kind }) => kind === 'variable').map((read) => 'name' in read && read.name)).toEqual(
      expect.arrayContaining(['READS_A', 'READS_B']),
    );
    expect(find(named, 'variable', 'READS_OWN')).toBeUndefined();
    expect(find(named, 'environment', '')).toBeUndefined();
    expect(find(await readsOf('void { ...process.env }'), 'environment', '')).toBeDefined();
    const child = "require('node:child_process').spawnSync(process.execPath, ['--version'])";
    const handed = await readsOf(
      `${child}; await require('node:util').promisify(require('node:child_process').exec)('true')`,
    );
    expect(find(handed, 'environment', '')).toBeUndefined();
    expect(find(handed, 'variable', 'HOME')).toBeUndefined();
    const byName = await readsOf("void env.READS_C; void Object.hasOwn(process.env, 'READS_D')", {
      top: "import { env } from 'node:process';",
    });
    for (const name of ['READS_C', 'READS_D']) expect(find(byName, 'variable', name), name).toBeDefined();
  });

  it('packages by their folders', async () => {
    hosts.workspace.write('node_modules/@some/pack/package.json', '{ "name": "@some/pack", "version": "1.2.3" }');
    hosts.workspace.write('node_modules/@some/pack/index.js', "exports.x = require('./deep/more.js');");
    hosts.workspace.write('node_modules/@some/pack/deep/more.js', 'exports.y = 1;');
    const reads = await readsOf("require('@some/pack')");
    expect(find(reads, 'package', at('node_modules/@some/pack'))).toBeDefined();
    expect(reads.some((read) => read.kind === 'file' && read.path.includes('node_modules'))).toBe(false);
  });

  it('nothing of ours, also where a whole folder is searched', async () => {
    hosts.workspace.write('.bettertogether/cache/memo.jsonl', '{}');
    const reads = await readsOf("fs.readdirSync('.', { recursive: true }).forEach((file) => existsSync(file))");
    expect(find(reads, 'folder', at('lib'))).toBeDefined();
    expect(reads.filter((read) => 'path' in read && read.path.includes('.bettertogether'))).toEqual([]);
  });

  it('nothing that the program writes itself', async () => {
    hosts.workspace.write('counter.txt', '0');
    const body = `
      const count = Number(readFileSync('counter.txt', 'utf8')) + 1;
      fs.writeFileSync('counter.txt', String(count));
      if (!existsSync('cache.json')) fs.writeFileSync('cache.json', '{}');
      readFileSync('cache.json');
      fs.mkdirSync('made/deep', { recursive: true });
      await fs.promises.appendFile('made/deep/x.txt', 'x');
      await readFile('made/deep/x.txt');
      fs.mkdirSync('kept', { recursive: true });
      fs.readdirSync('kept');
      fs.writeFileSync('kept/' + count + '.txt', 'x');
      fs.readdirSync('kept');
      const folder = fs.mkdtempSync(require('node:path').join(require('node:os').tmpdir(), 'reads-'));
      fs.writeFileSync(folder + '/x', 'x');
      readFileSync(folder + '/x');
      fs.readdirSync(folder);
      fs.rmSync(folder, { recursive: true });
    `;
    mkdirSync(at('kept'), { recursive: true });
    writeFileSync(at('kept/gold.txt'), 'A');
    const [, second] = await runs(body, { questions: ['one', 'two'] });
    expect(second!.run.reads).not.toBeNull();
    const paths = second!.reads.flatMap((read) => ('path' in read && read.kind !== 'folder' ? [read.path] : []));
    for (const own of ['counter.txt', 'cache.json', 'made/deep/x.txt', 'made']) expect(paths).not.toContain(at(own));
    expect(paths.some((path) => path.includes('reads-'))).toBe(false);
    expect(find(second!.reads, 'folder', at('kept'))).toMatchObject({ without: ['1.txt', '2.txt'] });
    expect(existsSync(at('counter.txt')) && readFileSync(at('counter.txt'), 'utf8')).toBe('2');
  });

  it('a file opened for reading and writing, until it is written', async () => {
    for (const [flags, name] of [
      ["'r+'", 'both1.txt'],
      ["'a+'", 'both2.txt'],
      ['fs.constants.O_RDWR', 'both3.txt'],
    ] as const) {
      hosts.workspace.write(name, 'A');
      const found = stamp(name);
      const body = `
        const file = fs.openSync('${name}', ${flags});
        fs.readSync(file, Buffer.alloc(1), 0, 1, 0);
        if (question !== 'one') fs.writeSync(file, 'BB');
        fs.closeSync(file);
      `;
      const [first, second, third] = await runs(body, { questions: ['one', 'two', 'three'] });
      expect(find(first!.reads, 'file', at(name)), flags).toMatchObject({ found });
      expect(find(second!.reads, 'file', at(name)), flags).toBeUndefined();
      expect(third!.run.reads, flags).not.toBeNull();
    }
  });

  it('that it cannot tell, once the program has filled a folder that it lists', async () => {
    mkdirSync(at('filled'), { recursive: true });
    const body = `
      fs.readdirSync('filled');
      for (let i = 0; i < Number(question); i++) fs.writeFileSync('filled/' + i, '');
    `;
    const [first, second] = await runs(body, { questions: ['500', '501'] });
    expect(find(first!.reads, 'folder', at('filled'))).toMatchObject({ without: { length: 500 } });
    expect(second!.run.reads).toBeNull();
  });

  it.skipIf(process.platform === 'win32')(
    'that it cannot tell, where a pipe or a name that is no text is read',
    async () => {
      execFileSync('mkfifo', [at('pipe')]);
      const pipe = "fs.closeSync(fs.openSync('pipe', fs.constants.O_RDONLY | fs.constants.O_NONBLOCK))";
      const name = 'existsSync(Buffer.from([0x61, 0xff]))';
      for (const body of [pipe, name]) expect((await runs(body)).at(-1)!.run.reads, body).toBeNull();
    },
  );

  it('that it cannot tell, once a file has changed under the program, and says so once', async () => {
    hosts.workspace.write('data.txt', 'A');
    hosts.workspace.write(
      'changes.ts',
      `import { Predict } from 'bettertogether';
import { readFileSync } from 'node:fs';
const answer = new Predict('question -> answer');
export const program = { answer, forward: (inputs: { question: string }) => (readFileSync('data.txt'), answer(inputs)) };
`,
    );
    const host = await hosts.start('changes.ts#program');
    const state = startState(await host.describe());
    const run = () => host.run(request(state, 'what'), echo, never);
    expect((await run()).reads).toBeDefined();
    hosts.workspace.write('data.txt', 'BB');
    expect((await run()).reads).toBeNull();
    expect((await run()).reads).toBeNull();
    const said = hosts.logs.filter(({ text }) => text.includes('changed while the program ran on it'));
    expect(said).toHaveLength(1);
  });
});
