/** Both npm packages as strangers get them: packed, installed in an empty folder, and used there. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { startFakeEndpoint, type FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { dspyPython, two } from '../dspyPython.ts';
import { namedElsewhere } from './namedElsewhere.ts';
import { lastJson, studentAnswer, Workspace } from '../workspace.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Not typed: a script of the repository. */
const script = new URL('../../../scripts/npmPackages.mjs', import.meta.url).href;
const run = promisify(execFile);

interface Packed {
  readonly filename: string;
  /** Bytes of the tarball. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

let place: string;
/** An empty folder with both installed, and with zod. */
let project: string;
let [sdk, cli]: readonly Packed[] = [];

beforeAll(async () => {
  const { buildNpmPackages } = (await import(script)) as { buildNpmPackages(): Promise<readonly string[]> };
  const folders = await buildNpmPackages();
  place = mkdtempSync(join(tmpdir(), 'bettertogether-npm-'));
  [sdk, cli] = folders.map((folder) => {
    const args = ['pack', folder, '--json', '--loglevel=error'];
    return (JSON.parse(execFileSync('npm', args, { cwd: place, encoding: 'utf8' })) as Packed[])[0]!;
  });
  project = join(place, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "name": "stranger", "private": true, "type": "module" }');
  const packages = [sdk!, cli!].map(({ filename }) => join(place, filename));
  const quiet = ['--offline', '--install-links', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', ...quiet, ...packages, join(root, 'node_modules', 'zod')], { cwd: project });
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

const unexpected = ({ files }: Packed, allowed: readonly RegExp[]): readonly string[] =>
  files.map(({ path }) => path).filter((path) => !allowed.some((pattern) => pattern.test(path)));

const installed = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(project, 'node_modules', name, 'package.json'), 'utf8')) as Record<string, unknown>;

it('names no file outside the repository that it was built from', () => {
  const files = [sdk!, cli!].flatMap((packed, i) => {
    const folder = join(project, 'node_modules', ['bettertogether', 'bettertogether-cli'][i]!);
    return packed.files.map(({ path }) => [path, readFileSync(join(folder, path))] as const);
  });
  expect(files.length).toBeGreaterThan(50);
  expect(namedElsewhere(files)).toEqual([]);
});

describe('the SDK', () => {
  let fake: FakeEndpoint;

  beforeAll(async () => {
    fake = await startFakeEndpoint({ answer: () => '[[ ## stars ## ]]\n4\n\n[[ ## completed ## ]]' });
  });
  afterAll(() => fake.close());

  it('is one file, its types and its papers, in less than 200 kB', () => {
    expect(
      unexpected(sdk!, [
        /^(LICENSE|README\.md|ThirdPartyNotices\.txt|package\.json|sdk\.js)$/,
        /^types\/(base|data|program)\/[\w/]+\.d\.ts$/,
      ]),
    ).toEqual([]);
    expect(sdk!.size).toBeLessThan(200_000);
  });

  it('installs nothing but the zod of its user', () => {
    expect(installed('bettertogether')).not.toHaveProperty('dependencies');
    expect(installed('bettertogether')).not.toHaveProperty('private');
    expect(Object.keys(installed('bettertogether')['peerDependencies'] as object)).toEqual(['zod']);
    expect(installed('bettertogether')['version']).toBe(packageJson.version);
  });

  it('asks of zod nothing in its types but what every zod 4 has', () => {
    const types = sdk!.files.filter(({ path }) => path.endsWith('.d.ts'));
    const named = types.flatMap(({ path }) =>
      [
        ...readFileSync(join(project, 'node_modules', 'bettertogether', path), 'utf8').matchAll(
          /(?<!\* .*)\bz\.(\w+)/g,
        ),
      ].map(([, name]) => name),
    );
    expect(new Set(named)).toEqual(new Set(['ZodType', 'output']));
  });

  it("runs a program with the user's own zod schemas, and says where an answer does not fit them", async () => {
    writeFileSync(
      join(project, 'use.js'),
      `import * as z from 'zod';
import { configure, Module, Predict, signature } from 'bettertogether';

class Rate extends Module {
  rate = new Predict(signature({ inputs: { review: z.string() }, outputs: { stars: z.int().min(1).max(Number(process.argv[2])) } }));
  forward({ review }) {
    return this.rate({ review });
  }
}
configure({ baseURL: '${fake.baseURL}', model: 'base' });
console.log(JSON.stringify(await new Rate().call({ review: 'Fine.' })));
`,
    );
    const { stdout } = await run(process.execPath, ['use.js', '5'], { cwd: project });
    expect(JSON.parse(stdout)).toEqual({ stars: 4 });
    await expect(run(process.execPath, ['use.js', '3'], { cwd: project })).rejects.toThrow(/stars/);
  });

  it.each([
    ['NodeNext', 'NodeNext'],
    ['ESNext', 'Bundler'],
  ])(
    'has types for "module": "%s", "moduleResolution": "%s", strict and with libraries checked',
    (module, resolution) => {
      const folder = join(project, `types-${resolution}`);
      mkdirSync(folder);
      writeFileSync(
        join(folder, 'program.ts'),
        `import * as z from 'zod';
import { ChainOfThought, configure, Module, signature, type Metric } from 'bettertogether';

export class Answer extends Module {
  answer = new ChainOfThought(signature('context: string[], question -> answer'));
  rate = new ChainOfThought(signature({ inputs: { answer: z.string() }, outputs: { stars: z.int().min(1).max(5) } }));
  async forward({ context, question }: { context: string[]; question: string }) {
    const { answer } = await this.answer({ context, question });
    const { stars } = await this.rate({ answer });
    return { answer: answer.trim(), stars: stars.toFixed(0) };
  }
}
export const metric: Metric = (example, prediction) => prediction['answer'] === example['answer'];
configure({ baseURL: 'http://127.0.0.1:8000/v1', model: 'base' });
// @ts-expect-error the signature has no such output
export const wrong = async () => (await new Answer().answer({ context: [], question: '' })).anser;
`,
      );
      const options = {
        module,
        moduleResolution: resolution,
        target: 'ES2022',
        lib: ['ES2022', 'DOM'],
        strict: true,
        noEmit: true,
        types: [],
      };
      writeFileSync(
        join(folder, 'tsconfig.json'),
        JSON.stringify({ compilerOptions: { ...options, skipLibCheck: false }, include: ['program.ts'] }),
      );
      const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
      const checked = run(process.execPath, [tsc, '-p', folder]).catch(({ stdout }: { stdout: string }) => ({
        stdout,
      }));
      return expect(checked).resolves.toMatchObject({ stdout: '' });
    },
  );

  it('is loaded by import(), and by require where Node can', async () => {
    const code = `import('bettertogether').then(({ Module }) => console.log(typeof Module));`;
    writeFileSync(join(project, 'common.cjs'), code);
    expect((await run(process.execPath, ['common.cjs'], { cwd: project })).stdout).toBe('function\n');
    // What stands in the way of Node 22's require would be a wait at the top level.
    writeFileSync(join(project, 'required.cjs'), `console.log(typeof require('bettertogether').Module);`);
    const required = run(process.execPath, ['required.cjs'], { cwd: project });
    if ('require_module' in process.features) expect((await required).stdout).toBe('function\n');
    else await expect(required).rejects.toThrow('ERR_REQUIRE_ESM');
  });
});

describe('the command line', () => {
  it('is what runs, in less than 3 MB, and brings no dependencies', () => {
    expect(
      unexpected(cli!, [
        /^(LICENSE|README\.md|ThirdPartyNotices\.txt|package\.json)$/,
        /^dist\/(cli|embedded|host|sdk|supervise|[\w-]+-[A-Z0-9]{8})\.js$/,
        /^dist\/babel\.cjs$/,
        /^dist\/tree-sitter[\w-]*\.wasm$/,
        /^docs\/[a-z-]+\.md$/,
        /^schema\/bettertogether\.schema\.json$/,
        /^python\/(host|trainer)\/pyproject\.toml$/,
        /^python\/trainer\/requirements\.txt$/,
        /^python\/host\/(launch|bettertogether_host\/[\w/]+)\.py$/,
        /^python\/trainer\/bettertogether_trainer\/[\w/]+\.py$/,
      ]),
    ).toEqual([]);
    expect(cli!.files.map(({ path }) => path).filter((path) => path.startsWith('dist/openSession'))).toEqual([]);
    expect(cli!.size).toBeLessThan(3e6);
    expect(installed('bettertogether-cli')).not.toHaveProperty('dependencies');
    expect(installed('bettertogether-cli')).not.toHaveProperty('private');
  });

  it('brings every guide that its messages name', () => {
    const paths = cli!.files.map(({ path }) => path);
    const scripts = paths.filter((path) => /^dist\/.*\.js$/.test(path));
    const named = scripts.flatMap(
      (path) =>
        readFileSync(join(project, 'node_modules', 'bettertogether-cli', path), 'utf8').match(/docs\/[a-z-]+\.md/g) ??
        [],
    );
    expect(new Set(named).size).toBeGreaterThan(4);
    expect(named.filter((name) => !paths.includes(name))).toEqual([]);
  });

  it('is `npx bettertogether`', async () => {
    const npx = async (...args: readonly string[]) =>
      (await run('npx', ['--no', '--', 'bettertogether', ...args], { cwd: project })).stdout;
    expect((await npx('--version')).trim()).toBe(packageJson.version);
    writeFileSync(join(project, 'two.py'), two);
    expect(await npx('detect')).toMatch(/two\.py/);
  });

  it('looks for what keeps runs from working, evaluates with its host and runs Python, all from where it is installed', async () => {
    const fake = await startFakeEndpoint({ answer: studentAnswer, models: ['base'] });
    const workspace = new Workspace({ baseURL: fake.baseURL, strategy: 'p' });
    try {
      workspace.cli = join(project, 'node_modules', 'bettertogether-cli', 'dist', 'cli.js');
      const doctor = await workspace.run(['doctor', 'two']);
      expect(doctor.code, doctor.stdout + doctor.stderr).toBe(0);
      const brought = await workspace.run(['evaluate', 'two', '--yes', '--json']);
      expect(brought.code, brought.stderr).toBe(0);
      const { score } = lastJson<{ score: number }>(brought);
      // With the SDK of the project in place of the one that the command line brings.
      symlinkSync(join(project, 'node_modules'), join(workspace.folder, 'node_modules'));
      const own = await workspace.run(['evaluate', 'two', '--yes', '--json']);
      expect(lastJson<{ score: number }>(own).score).toBe(score);
      workspace.write('two.py', two);
      const settings = { program: 'two.py#Two', metric: 'two.py#metric' };
      const config = JSON.parse(readFileSync(join(workspace.folder, 'bettertogether.json'), 'utf8')) as {
        programs: { two: object };
      };
      const programs = { two: { ...config.programs.two, ...settings } };
      workspace.write('bettertogether.json', JSON.stringify({ ...config, programs }));
      const prompt = await workspace.run(['prompt', 'two', '--predictor', 'hint'], {
        BETTERTOGETHER_PYTHON: dspyPython(),
      });
      expect(prompt.code, prompt.stderr).toBe(0);
      expect(prompt.stdout).toContain('question');
    } finally {
      workspace.dispose();
      await fake.close();
    }
  });
});
