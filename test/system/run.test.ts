import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PythonRandom } from '../../src/engine/pythonRandom.ts';
import type { RunResult } from '../../src/protocol.ts';
import { loggedEventSchema, resultSchema } from '../../src/protocol.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { killedAt } from './crash/moments.ts';
import { lastJson, studentAnswer, Workspace } from './workspace.ts';

let fake: FakeEndpoint;
let workspace: Workspace;

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer, latencyMs: 2 });
  workspace = new Workspace({ baseURL: fake.baseURL });
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

const optimize = ['optimize', 'two', '--yes', '--json'];

/** What must not depend on when and how often a run was interrupted. */
const essence = ({ scores, final, best, state }: RunResult) => ({ scores, final, best, state });

describe('p -> w -> p from the command line', () => {
  it('searches on the tuned model after w, and prints a result that fits the contract', async () => {
    const run = await workspace.run(optimize);
    expect(run.stderr + String(run.code)).toMatch(/0$/);
    const result = resultSchema.parse(lastJson(run));
    expect(Object.keys(result.scores)).toEqual(['', 'p', 'p -> w', 'p -> w -> p']);
    expect(result.scores['']).toMatchObject({ dev: 33.33, test: 33.33 });
    expect(result.scores['p -> w -> p']).toMatchObject({ dev: 100, test: 100 });
    expect(result.final).toBe('p -> w -> p');
    expect(result.best).toBe('p -> w');

    const tuned = result.state.predictors['answer']!.model;
    expect(tuned).not.toBe('base');
    const models = fake.calls.map(({ model }) => model);
    const after = models.slice(models.indexOf(tuned));
    expect(after.every((model) => model === tuned)).toBe(true);
    expect(fake.counters.jobsCreated).toBe(1);

    const lines = run.stdout.trim().split('\n');
    for (const line of lines.slice(0, -1)) loggedEventSchema.parse(JSON.parse(line));
  });

  it('the same run again makes no call, uploads nothing and gives the same result', async () => {
    const first = resultSchema.parse(lastJson(await workspace.run(optimize)));
    const { filesUploaded } = fake.counters;
    fake.reset();
    const again = resultSchema.parse(lastJson(await workspace.run(optimize)));
    expect(essence(again)).toEqual(essence(first));
    expect(fake.counters.completions).toBe(0);
    expect(fake.counters.filesUploaded).toBe(filesUploaded);
    expect(again.usage.calls).toBe(0);
  });

  it('show, runs and export tell of it afterwards', async () => {
    const result = resultSchema.parse(lastJson(await workspace.run(optimize)));
    expect(lastJson(await workspace.run(['show', 'latest', '--json']))).toEqual(result);
    const runs = await workspace.run(['runs']);
    expect(runs.stdout).toContain(result.run);
    const exported = await workspace.run(['export', 'latest', '--format', 'json', '--out', 'best.json']);
    expect(exported.code).toBe(0);
    const evaluated = await workspace.run(['evaluate', 'two', '--state', 'best.json', '--split', 'test', '--json']);
    expect(lastJson(evaluated)).toMatchObject({
      score: expect.anything() as unknown,
      models: [expect.stringContaining('ft-')],
    });
    expect(evaluated.stdout).toContain('100');
    const dspy = await workspace.run(['export', 'latest', '--format', 'dspy']);
    expect(Object.keys(JSON.parse(dspy.stdout) as object)).toEqual(['hint', 'answer', 'metadata']);
  });

  it('writes no message body into the event log, and no secret anywhere', async () => {
    const keyed = await startFakeEndpoint({ answer: studentAnswer, apiKey: 'sk-very-secret' });
    const guarded = new Workspace({ baseURL: keyed.baseURL, strategy: 'p -> w', endpoint: { apiKeyEnv: 'TEST_KEY' } });
    try {
      const run = await guarded.run(optimize, { TEST_KEY: 'sk-very-secret' });
      expect(run.code).toBe(0);
      const files = readdirSync(guarded.folder, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
      for (const file of files) {
        const text = readFileSync(join(file.parentPath, file.name), 'utf8');
        expect(text.includes('sk-very-secret'), file.name).toBe(false);
        if (file.name === 'events.jsonl') expect(text).not.toContain('[[ ## question ## ]]');
      }
    } finally {
      guarded.dispose();
      await keyed.close();
    }
  });
});

describe('interrupted', () => {
  it('kill -9 at random moments and resume: the same scores, one job, no call twice but those in flight', async () => {
    const undisturbed = resultSchema.parse(lastJson(await workspace.run(optimize)));
    const other = await startFakeEndpoint({ answer: studentAnswer, latencyMs: 10, fineTuning: {} });
    const victim = new Workspace({ baseURL: other.baseURL });
    const seed = 20240717;
    const answers = { of: other, atMost: Math.floor(fake.counters.answered / 3) };
    const moments = { random: new PythonRandom(seed), between: [300, 1500] as const, answers };
    try {
      let args = optimize;
      let kills = 0;
      let result: RunResult | undefined;
      for (let session = 0; result === undefined; session++) {
        expect(session, `seed ${seed}`).toBeLessThan(60);
        const finished = await killedAt(victim.start(args), moments, session * 250);
        if (finished.code === 0) result = resultSchema.parse(lastJson(finished));
        else {
          expect(finished.code, finished.stderr).toBeNull();
          kills++;
          const runs = join(victim.folder, '.bettertogether', 'runs');
          // A run begins with its manifest: one that was killed before it has that has nothing to resume.
          const begun = existsSync(runs) && readdirSync(runs).some((id) => existsSync(join(runs, id, 'manifest.json')));
          if (begun) args = ['resume', 'latest', '--json'];
        }
      }
      expect(kills).toBeGreaterThan(1);
      expect(essence(result)).toEqual(essence(undisturbed));
      expect(other.counters.jobsCreated).toBe(1);
      // Answers that were under way when the process died are asked for again; the limit is 8 in flight.
      expect(other.counters.repeated).toBeLessThanOrEqual(kills * 8);
    } finally {
      victim.dispose();
      await other.close();
    }
  });

  it('Ctrl-C stops cleanly with 130, and resume goes on', async () => {
    fake.setLatency(30);
    const { child, done } = workspace.start(optimize);
    await expect.poll(() => fake.counters.answered, { timeout: 60_000 }).toBeGreaterThan(20);
    child.kill('SIGINT');
    const stopped = await done;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('resume');
    fake.setLatency(0);
    const resumed = await workspace.run(['resume', 'latest', '--json']);
    expect(resumed.code).toBe(0);
    expect(resultSchema.parse(lastJson(resumed)).final).toBe('p -> w -> p');
  });

  it('a second process on the same run is refused with its pid, and cancel ends the first', async () => {
    fake.setLatency(50);
    const { child, done } = workspace.start(optimize);
    await expect.poll(() => fake.counters.answered, { timeout: 60_000 }).toBeGreaterThan(10);
    const second = await workspace.run(['resume', 'latest']);
    expect(second.code).not.toBe(0);
    expect(second.stderr).toContain(String(child.pid));
    expect((await workspace.run(['cancel', 'latest'])).code).toBe(0);
    expect((await done).code).toBe(130);
  });

  it('a budget ends the run with 3, and a higher one goes on without paying again', async () => {
    const stopped = await workspace.run([...optimize, '--budget-calls', '100']);
    expect(stopped.code).toBe(3);
    expect(fake.counters.answered).toBeLessThanOrEqual(100);
    const resumed = await workspace.run(['resume', 'latest', '--budget-calls', '5000', '--json']);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(fake.counters.repeated).toBe(0);
    const { usage } = resultSchema.parse(lastJson(resumed));
    expect(usage.calls).toBe(fake.counters.answered);
  });

  it('goes on in a folder that was renamed, and pays nothing twice there', async () => {
    expect((await workspace.run([...optimize, '--budget-calls', '100'])).code).toBe(3);
    workspace.rename();
    const resumed = await workspace.run(['resume', 'latest', '--budget-calls', '5000', '--json']);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(fake.counters.repeated).toBe(0);
    const { answered } = fake.counters;
    const again = resultSchema.parse(lastJson(await workspace.run(optimize)));
    expect(essence(again)).toEqual(essence(resultSchema.parse(lastJson(resumed))));
    expect(fake.counters.answered).toBe(answered);
  });
});

describe('an evaluation', () => {
  it('whose endpoint went away says that the same command goes on: there is no run to resume', async () => {
    const other = await startFakeEndpoint({ answer: studentAnswer });
    const impatient = new Workspace({ baseURL: other.baseURL, endpoint: { patienceSeconds: 1 } });
    try {
      // What it can do is known from then on; the next call is one of the program's own.
      expect((await impatient.run(['evaluate', 'two', '--yes'])).code).toBe(0);
      await other.close();
      const { code, stderr } = await impatient.run(['evaluate', 'two', '--yes', '--split', 'test']);
      expect(code).toBe(1);
      expect(stderr).toContain('gave no answer');
      expect(stderr).toContain('endpoints.fake.baseURL');
      expect(stderr).toContain('The same command then goes on; what was answered is remembered.');
      expect(stderr).not.toContain('resume');
    } finally {
      impatient.dispose();
    }
  });

  it('counts all that is on the bill, and says at its cap how to go on, which is not with `resume`', async () => {
    const stopped = await workspace.run(['evaluate', 'two', '--yes', '--budget-calls', '14']);
    expect(stopped.code).toBe(3);
    expect(stopped.stderr).toContain('14 of 14 calls are spent. ');
    expect(stopped.stderr).toContain('Raise the cap with `--budget-calls`');
    expect(stopped.stderr).not.toContain('resume');
    expect(stopped.stderr).toContain('3 calls to find out what it can do');
    expect(fake.counters.answered).toBe(14);

    const other = await startFakeEndpoint({ answer: studentAnswer });
    const fresh = new Workspace({ baseURL: other.baseURL });
    try {
      const { usage } = lastJson(await fresh.run(['evaluate', 'two', '--yes', '--json'])) as RunResult;
      expect(usage.calls).toBe(other.counters.answered);
    } finally {
      fresh.dispose();
      await other.close();
    }
  });
});

describe('what is refused, with a reason', () => {
  const failing = async (args: readonly string[], code: number, ...words: readonly string[]) => {
    const { code: got, stderr } = await workspace.run(args);
    for (const word of words) expect(stderr).toContain(word);
    expect(got).toBe(code);
    expect(stderr).not.toContain('This is a bug');
  };

  it('a program that is not there', () => failing(['optimize', 'tow', '--yes'], 2, 'tow', 'two'));

  it('a wrong strategy', () => failing([...optimize, '--strategy', 'p -> x'], 2, 'step 2 of 2 is "x"'));

  it('a wrong key in the configuration', async () => {
    const config = JSON.parse(readFileSync(join(workspace.folder, 'bettertogether.json'), 'utf8')) as {
      programs: Record<string, Record<string, unknown>>;
    };
    config.programs['two']!['strategie'] = 'p';
    workspace.write('bettertogether.json', JSON.stringify(config));
    await failing(optimize, 2, 'strategie', 'strategy', 'bettertogether.json');
  });

  it('a missing data file, a row without a field, and broken JSON', async () => {
    workspace.write('dev.jsonl', '{"question": "dev 0", "answer": "x"}\n{"answer": "x"}\n');
    await failing(optimize, 2, 'dev.jsonl:2', 'question');
    workspace.write('dev.jsonl', '{"question": "dev 0", "answer": "x"}\n{oops\n');
    await failing(optimize, 2, 'dev.jsonl:2');
    const { rmSync } = await import('node:fs');
    rmSync(join(workspace.folder, 'dev.jsonl'));
    await failing(optimize, 2, 'dev.jsonl');
  });

  it('a metric that always throws, and one that returns NaN', async () => {
    const source = readFileSync(join(workspace.folder, 'program.ts'), 'utf8');
    workspace.write(
      'program.ts',
      source.replace('example.answer === prediction.answer', '{ throw new Error("no gold") }'),
    );
    await failing(optimize, 1, 'no gold', 'program.ts');
    workspace.write('program.ts', source.replace('example.answer === prediction.answer', 'Number.NaN'));
    await failing(optimize, 1, 'NaN');
  });

  it('an endpoint that is not there, and a key that is not set', async () => {
    const nowhere = new Workspace({ baseURL: 'http://127.0.0.1:9/v1' });
    const { code, stderr } = await nowhere.run(optimize);
    expect(stderr).toContain('endpoints.fake.baseURL');
    expect(code).toBe(1);
    nowhere.dispose();
    const keyless = new Workspace({ baseURL: fake.baseURL, endpoint: { apiKeyEnv: 'NO_SUCH_KEY' } });
    const refused = await keyless.run(optimize);
    expect(refused.stderr).toContain('NO_SUCH_KEY');
    expect(refused.code).toBe(2);
    keyless.dispose();
  });

  it('a changed program or data file on resume', async () => {
    await workspace.run([...optimize, '--budget-calls', '50']);
    workspace.write('test.jsonl', '{"question": "test 0", "answer": "changed"}\n');
    await failing(['resume', 'latest'], 2, 'test.jsonl', 'changed');
  });
});
