import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readOwnManifest, writeManifest } from '../../../src/run/record/manifest.ts';
import { writeStates } from '../../../src/run/record/stateFile.ts';
import { description, state } from '../run/samples.ts';
import { cli, finishedRun, makeWorkspace } from './workspace.ts';

describe('export', () => {
  it('writes the final state to stdout, or the best one to a file', async () => {
    const { place } = await finishedRun();
    expect(JSON.parse((await cli(place, ['export', 'latest', '--format', 'json'])).out)).toEqual(state);
    const best = await cli(place, ['export', 'latest', '--format', 'json', '--best', '--out', 'best.json']);
    expect([best.code, best.out]).toEqual([0, '']);
    expect(JSON.parse(readFileSync(join(place, 'best.json'), 'utf8'))).toEqual({ predictors: {} });
  });

  it("writes DSPy's format once the program is known", async () => {
    const { place, run } = await finishedRun();
    expect((await cli(place, ['export', 'latest', '--format', 'dspy'])).err).toContain('never loaded its program');
    const program = structuredClone(description) as never;
    await writeManifest(run.folder, { ...(await readOwnManifest(run.folder)), program });
    const { out } = await cli(place, ['export', 'latest', '--format', 'dspy']);
    expect(JSON.parse(out)).toMatchObject({ metadata: { dependency_versions: {} }, 'classify.predict': {} });
  });

  it('names the values of demos that DSPy would load as others', async () => {
    const { place, run } = await finishedRun();
    const program = structuredClone(description) as never;
    await writeManifest(run.folder, { ...(await readOwnManifest(run.folder)), program });
    const demos = Array.from({ length: 12 }, () => ({
      fields: { score: { $exact: 'float', value: 'nan' } },
      augmented: false,
    }));
    const predictors = { 'classify.predict': { ...state.predictors['classify.predict']!, demos } };
    const final = { prefix: 'p', state: { predictors } };
    await writeStates(run.folder, { final, best: final });
    const { err } = await cli(place, ['export', 'latest', '--format', 'dspy']);
    expect(err).toContain("DSPy's format changes values of demos, as its own save does. `--format json` keeps them");
    expect(err).toContain('  classify.predict, demo 10, score: NaN becomes null\n  and 2 more\n');
    expect((await cli(place, ['export', 'latest', '--format', 'json'])).err).not.toContain('becomes');
  });

  it('takes the format of the program’s own language when none is asked for', async () => {
    const { place, run } = await finishedRun();
    expect(JSON.parse((await cli(place, ['export', 'latest'])).out)).toEqual(state);
    const program = { ...structuredClone(description), language: 'python' } as never;
    await writeManifest(run.folder, { ...(await readOwnManifest(run.folder)), program });
    expect(JSON.parse((await cli(place, ['export', 'latest'])).out)).toHaveProperty('metadata');
  });

  it("says that a program cannot load the other language's format", async () => {
    const { place, run } = await finishedRun();
    const exported = async (language: string, format: string) => {
      const program = { ...structuredClone(description), language } as never;
      await writeManifest(run.folder, { ...(await readOwnManifest(run.folder)), program });
      return (await cli(place, ['export', 'latest', '--format', format])).err;
    };
    expect(await exported('python', 'json')).toContain('DSPy cannot load this file: it is for --state and --from.');
    expect(await exported('typescript', 'dspy')).toContain('The SDK cannot load this file');
    expect(await exported('python', 'dspy')).not.toContain('cannot load');
    expect(await exported('typescript', 'json')).not.toContain('cannot load');
  });

  it('says that the folder to write into is not there', async () => {
    const { place } = await finishedRun();
    const { code, err } = await cli(place, ['export', 'latest', '--out', 'nosuch/dir/best.json']);
    expect(code).toBe(2);
    expect(err).toContain(`The folder ${join(place, 'nosuch', 'dir')} does not exist`);
    expect(err).not.toMatch(/tmp[^/]*$|ENOENT/m);
  });

  it('exits 2 at a format that is none', async () => {
    const { place } = await finishedRun();
    expect((await cli(place, ['export', 'latest', '--format', 'yaml'])).code).toBe(2);
  });

  it('says that a service keeps the weights of its models', async () => {
    const place = makeWorkspace();
    await cli(place, ['optimize', 'local']);
    const { code, err } = await cli(place, ['export', 'latest', '--format', 'json', '--weights', 'w']);
    expect(code).toBe(2);
    expect(err).toContain(
      'The service of endpoint "local" (http://127.0.0.1:8000/v1) keeps the weights of "base-ft-1"',
    );
  });

  it('writes nothing and tells of nothing where the weights are not there', async () => {
    const place = makeWorkspace();
    await cli(place, ['optimize', 'local']);
    await cli(place, ['optimize', 'intents']);
    const runs = readdirSync(join(place, '.bettertogether', 'runs'));
    for (const [program, why] of [
      ['local', 'nothing here to copy'],
      ['intents', 'is trained again'],
    ] as const) {
      const run = runs.find((id) => id.includes(program))!;
      const asked = await cli(place, ['export', run, '--format', 'json', '--out', 'state.json', '--weights', 'w']);
      expect(asked.code).not.toBe(0);
      expect(asked.out).toBe('');
      expect(asked.err).toContain(why);
      expect(asked.err).not.toContain('exported');
    }
    expect(readdirSync(place)).not.toContain('state.json');
    expect(readdirSync(place)).not.toContain('w');
  });
});
