/** `kill -9` of whole processes at random moments; the long form with a hundred and more is `npm run test:soak`. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFakeEndpoint, type FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { PythonRandom } from '../../../src/engine/pythonRandom.ts';
import { resultSchema } from '../../../src/protocol.ts';
import { smallWorkspace } from '../faults/runs.ts';
import { lastJson, studentAnswer, type Workspace } from '../workspace.ts';
import { killUntilDone } from './killing.ts';
import { essence } from './session.ts';

const seed = 20261123;
const optimize = ['optimize', 'two', '--yes', '--json', '--strategy', 'p -> w -> p'];

let fake: FakeEndpoint;
let workspace: Workspace;

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer, latencyMs: 15 });
  workspace = smallWorkspace(fake.baseURL);
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

describe('kill -9', () => {
  it('of the run and of its host: the same result, one job, no call twice but those in flight', async () => {
    const quiet = await startFakeEndpoint({ answer: studentAnswer });
    const other = smallWorkspace(quiet.baseURL);
    const expected = resultSchema.parse(lastJson(await other.run(optimize)));
    const answers = { of: fake, atMost: Math.floor(quiet.counters.answered / 6) };
    other.dispose();
    await quiet.close();

    const random = new PythonRandom(seed);
    const where = `seed ${seed}`;
    const victims = ['run', 'run', 'host.js'] as const;
    const plan = { random, victims, between: [300, 2500] as const, answers, kills: 6, where };
    const { kills, result } = await killUntilDone(workspace, optimize, plan);
    expect((kills['run'] ?? 0) + (kills['host.js'] ?? 0), where).toBeGreaterThan(2);
    expect(essence(result), where).toEqual(essence(expected));
    expect(fake.counters.jobsCreated, where).toBe(1);
    // Five program runs are under way at once; a host that is killed loses none of its answers.
    expect(fake.counters.repeated, where).toBeLessThanOrEqual((kills['run'] ?? 0) * 5);
  });

  it('between making the folder and its manifest: latest is the run that can be gone on with', async () => {
    const done = await workspace.run(optimize);
    expect(done.code, done.stderr).toBe(0);
    // Ids sort by time: this one is the youngest.
    mkdirSync(join(workspace.folder, '.bettertogether', 'runs', '29991231-235959-two-dead'));
    const shown = await workspace.run(['show', 'latest', '--json']);
    expect(shown.code, shown.stderr).toBe(0);
    expect(lastJson(shown)).toEqual(lastJson(done));
    const listed = await workspace.run(['runs']);
    expect(listed.code).toBe(0);
    expect(listed.stdout + listed.stderr).toContain('29991231-235959-two-dead');
  });
});

describe('files that a crash of the machine left torn', () => {
  it('the last line of every file cut: resume mends it and ends the same', async () => {
    const done = await workspace.run([...optimize, '--budget-calls', '60']);
    expect(done.code, done.stderr).toBe(3);
    const runs = join(workspace.folder, '.bettertogether');
    const files = torn(runs);
    expect(files.length).toBeGreaterThan(3);
    const resumed = await workspace.run(['resume', 'latest', '--json', '--budget-calls', '5000']);
    expect(resumed.code, resumed.stderr).toBe(0);
    const again = resultSchema.parse(lastJson(resumed));
    expect(Object.keys(again.scores)).toEqual(['', 'p', 'p -> w', 'p -> w -> p']);
    expect(again.scores['p -> w -> p']!.dev).toBe(100);
    expect(fake.counters.jobsCreated).toBe(1);
    // One answer was in a line that was cut.
    expect(fake.counters.repeated).toBeLessThanOrEqual(1);
  });
});

/** Cuts a few bytes off the end of every file that is appended to. */
function torn(folder: string): readonly string[] {
  const cut: string[] = [];
  for (const file of appended(folder)) {
    const bytes = readFileSync(file);
    if (bytes.length < 20) continue;
    writeFileSync(file, bytes.subarray(0, bytes.length - 7));
    cut.push(file);
  }
  return cut;
}

function appended(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(memo|idx)$|(events|spend|\d{6})\.jsonl$/.test(name))
    .map((name) => join(folder, name));
}
