/**
 * The long forms of the suites under test/system, with seeds printed: `npm run test:soak`. SOAK_SEED chooses other
 * cases (default: the day's date), SOAK_SCALE does more (2) or less (0.1) of all. Results are kept in
 * docs/reliability.md.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { installFailingFs, type FailingFs } from '../fakes/failingFs.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startedAgain } from '../../src/base/killed.ts';
import type { Home } from '../../src/home/home.ts';
import { PythonRandom } from '../../src/engine/pythonRandom.ts';
import { resultSchema } from '../../src/protocol.ts';
import { damagedConfigurations, damagedDataSets, damagedEventLogs, damagedMemos } from '../system/badInput/files.ts';
import { damagedHostMessages, damagedReplies } from '../system/badInput/messages.ts';
import { dataOf, oversizedInputs, oversizedSources } from '../system/badInput/sizes.ts';
import { killedUnderCap, type CapKind } from '../system/budget/caps.ts';
import { everyWrite } from '../system/crash/everyWrite.ts';
import { killUntilDone } from '../system/crash/killing.ts';
import { embeddedWorkspace } from '../system/crash/embeddedWorkspace.ts';
import { essence } from '../system/crash/session.ts';
import { jobEvents, TrainingMoments } from '../system/crash/trainingSteps.ts';
import { testHome } from '../system/embeddedHome.ts';
import { smallWorkspace } from '../system/faults/runs.ts';
import { lastJson, studentAnswer } from '../system/workspace.ts';

vi.mock('../../src/host/nodeHost.ts', () => import('../system/crash/inProcessHost.ts'));

const seed = Number(process.env['SOAK_SEED'] ?? new Date().toISOString().slice(0, 10).replaceAll('-', ''));
const scale = Number(process.env['SOAK_SCALE'] ?? 1);
const times = (count: number): number => Math.max(1, Math.round(count * scale));

let failing: FailingFs;

beforeAll(async () => {
  say(`seed ${seed}, scale ${scale}`);
  failing = await installFailingFs();
});
afterAll(() => {
  failing.uninstall();
});

/** A line that a person reads, whatever the reporter. */
function say(line: string): void {
  process.stdout.write(`soak: ${line}\n`);
}

describe('kill -9', () => {
  const optimize = ['optimize', 'two', '--yes', '--json', '--strategy', 'p -> w -> p'];

  it('a hundred and more of the run and its host', async () => {
    const wanted = times(100);
    const quiet = await startFakeEndpoint({ answer: studentAnswer });
    const reference = smallWorkspace(quiet.baseURL);
    const expected = essence(resultSchema.parse(lastJson(await reference.run(optimize))));
    const atMost = Math.floor(quiet.counters.answered / 12);
    reference.dispose();
    await quiet.close();
    const kills: Record<string, number> = {};
    const total = () => Object.values(kills).reduce((sum, count) => sum + count, 0);
    for (let round = 0; total() < wanted; round++) {
      const where = `seed ${seed}, round ${round}`;
      const fake = await startFakeEndpoint({ answer: studentAnswer, latencyMs: 15 });
      const workspace = smallWorkspace(fake.baseURL);
      const random = new PythonRandom(`${seed} ${round}`);
      const victims = ['run', 'run', 'host.js'] as const;
      const plan = { random, victims, between: [250, 2500] as const, answers: { of: fake, atMost }, kills: 12, where };
      const killed = await killUntilDone(workspace, optimize, plan);
      expect(essence(killed.result), where).toEqual(expected);
      expect(fake.counters.jobsCreated, where).toBe(1);
      expect(fake.counters.repeated, where).toBeLessThanOrEqual((killed.kills['run'] ?? 0) * 5);
      for (const [victim, count] of Object.entries(killed.kills)) kills[victim] = (kills[victim] ?? 0) + count;
      say(
        `${where}: ${JSON.stringify(killed.kills)}, ${fake.counters.repeated} calls paid twice; ${total()} kills so far`,
      );
      workspace.dispose();
      await fake.close();
    }
  });

  it('of the embedded server, its trainer and the run, with the real model', async () => {
    const optimize = ['optimize', 'topic', '--yes', '--json'];
    const where = `seed ${seed}, real model`;
    const random = new PythonRandom(seed);
    const [quiet, disturbed] = [await testHome(), await testHome()];
    const [reference, workspace] = [embeddedWorkspace(), embeddedWorkspace()];
    try {
      const env = (home: Home) => ({ BETTERTOGETHER_HOME: home.root });
      const undisturbed = await reference.run(optimize, env(quiet.home));
      expect(undisturbed.code, undisturbed.stderr).toBe(0);

      // Each kind for certain while the job is under way, the trainer as often as a job bears; then others by the clock.
      const certain = ['bettertogether_trainer', 'bettertogether_trainer', 'embedded.js', 'run'] as const;
      const moments = new TrainingMoments(disturbed.home.jobs);
      const first = random.sample(certain, certain.length).map((victim) => {
        // Of the four steps that the job makes.
        return { victim, ripe: moments.after(random.randint(0, 2)), killed: moments.killed };
      });
      const others = { victims: ['embedded.js', 'run'] as const, between: [1500, 8000] as const, kills: times(4) };
      const plan = { random, first, ...others, env: env(disturbed.home), where };
      const { kills, result } = await killUntilDone(workspace, optimize, plan);
      const jobs = readdirSync(disturbed.home.jobs);
      say(
        `${where}: ${JSON.stringify(kills)}, in training ${first.map(({ victim }) => victim).join(', ')}; ${jobs.length} training job`,
      );
      expect(kills, where).toMatchObject({ bettertogether_trainer: 2 });
      expect(Object.keys(kills).sort(), where).toEqual(['bettertogether_trainer', 'embedded.js', 'run']);
      expect(jobs.length, where).toBe(1);
      const job = JSON.parse(readFileSync(join(disturbed.home.jobs, jobs[0]!, 'job.json'), 'utf8')) as object;
      expect(job, where).toMatchObject({ status: 'succeeded', kills: 2 });
      const said = jobEvents(disturbed.home.jobs, jobs[0]!).map(({ message }) => message);
      expect(said, where).toEqual(expect.arrayContaining([startedAgain(2), startedAgain(3)]));
      expect(adapters(disturbed.home), where).toEqual(adapters(quiet.home));
      expect(essence(result), where).toEqual(essence(resultSchema.parse(lastJson(undisturbed))));
    } finally {
      for (const one of [reference, workspace]) one.dispose();
      for (const one of [quiet, disturbed]) await one.remove();
    }
  });
});

/** SHA-256 of each file of the adapters, by name: training is the same to the byte. */
function adapters({ tuned }: Home): Readonly<Record<string, string>> {
  const files = readdirSync(tuned, { recursive: true, withFileTypes: true });
  const weights = files.filter((file) => file.isFile() && file.name.startsWith('adapter'));
  return Object.fromEntries(
    weights.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [relative(tuned, path), createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}

describe('a fault at every write', () => {
  it('in p -> w -> p', async () => {
    const { struck, writes } = await everyWrite(failing, { seed, faults: times(200) });
    say(`faults at writes, seed ${seed}: ${struck} struck, of ${writes} writes that a run makes`);
    expect(struck).toBeGreaterThan(times(200) * 0.8);
  });

  it.each(['calls', 'tokens', 'usd'] satisfies CapKind[])('under a cap of %s', async (kind) => {
    for (let round = 0; round < times(8); round++) {
      const where = `seed ${seed}, round ${round}`;
      const random = new PythonRandom(`${seed} ${kind} ${round}`);
      const { kills, paid, cap } = await killedUnderCap(failing, { kind, kills: 12, random, where });
      say(`cap of ${cap} ${kind}, ${where}: ${kills} kills, the endpoint counted ${Number(paid.toFixed(4))}`);
    }
  });
});

describe('damaged input', () => {
  const suites = {
    configurations: damagedConfigurations,
    'data sets': damagedDataSets,
    'event logs': damagedEventLogs,
    'memo files': damagedMemos,
    'host messages': damagedHostMessages,
    replies: damagedReplies,
  };
  it.each(Object.entries(suites))('%s', async (name, suite) => {
    const count = times(5000);
    const refused = await suite({ seed, count });
    say(`${name}, seed ${seed}: ${count} injuries, ${refused} refused or lost, none wrong`);
    expect(refused).toBeGreaterThan(count / 20);
  });
});

describe('oversized input', () => {
  const sizes = { depth: 1_000_000, length: 2 ** 24 };
  it('is refused with an error for people, and hides no program', async () => {
    expect(await oversizedInputs(sizes)).toBeGreaterThanOrEqual(14);
    expect(await oversizedSources({ ...sizes, depth: 100_000 })).toEqual(['Good']);
  });

  it('data larger than any string can be is read', async () => {
    const bytes = 560 * 2 ** 20;
    await dataOf(bytes);
    say(`a data set of ${bytes} bytes was read`);
  });
});
