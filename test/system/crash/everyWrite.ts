import { expect } from 'vitest';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { FailingFs, FsFault } from '../../fakes/failingFs.ts';
import { PythonRandom } from '../../../src/engine/pythonRandom.ts';
import type { RunResult } from '../../../src/protocol.ts';
import { readEvents } from '../../../src/run/record/eventLog.ts';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import type { RunLocation } from '../../../src/run/record/runFolder.ts';
import { readStates } from '../../../src/run/record/stateFile.ts';
import { allTraces } from '../../fakes/traces.ts';
import { answerOf, essence, Project } from './session.ts';

const kinds: readonly FsFault[] = ['dies', 'torn', 'full', 'short'];

export interface WriteFaults {
  readonly seed: number;
  readonly faults: number;
}

/** Lets `faults` runs fail at writes drawn by the seed, and checks what becomes of each. */
export async function everyWrite(failing: FailingFs, { seed, faults }: WriteFaults) {
  const random = new PythonRandom(seed);
  const { writes, result } = await undisturbed(failing);
  let struck = 0;
  for (let i = 0; i < faults; i++) {
    const at = random.randint(1, writes);
    const fault = kinds[i % kinds.length]!;
    const where = `seed ${seed}, fault ${i}: ${fault} at write ${at} of ${writes}`;
    struck += (await oneFault(failing, { at, fault, where, expected: result })) ? 1 : 0;
  }
  return { struck, writes };
}

async function undisturbed(failing: FailingFs) {
  const fake = await startFakeEndpoint({ answer: answerOf });
  const project = new Project(fake.baseURL);
  try {
    const run = await project.begin();
    failing.arm({ folder: project.state, at: null, fault: 'dies' });
    const result = await project.sit(run);
    return { writes: failing.writes, result };
  } finally {
    failing.disarm();
    project.dispose();
    await fake.close();
  }
}

interface Fault {
  readonly at: number;
  readonly fault: FsFault;
  readonly where: string;
  readonly expected: RunResult;
}

async function oneFault(failing: FailingFs, { at, fault, where, expected }: Fault): Promise<boolean> {
  const fake = await startFakeEndpoint({ answer: answerOf });
  const project = new Project(fake.baseURL);
  try {
    const run = await project.begin();
    failing.arm({ folder: project.state, at, fault });
    const error = await project.sit(run).then(
      () => null,
      (thrown: unknown) => thrown as Error,
    );
    const { struck } = failing;
    failing.disarm();
    // A dying process tells nobody anything; a full disk is told as one.
    if (error !== null && (fault === 'full' || fault === 'short')) {
      expect([error.name, error.message], where).toEqual(['HumanError', expect.stringContaining('disk is full')]);
      expect(error.message, where).toContain(project.state);
    }
    const result = error === null && struck === false ? expected : await project.sit(run, { resumed: true });
    expect(essence(result), where).toEqual(essence(expected));
    expect(fake.counters.jobsCreated, where).toBe(1);
    // Five program runs are under way at once, each with one call.
    expect(fake.counters.repeated, where).toBeLessThanOrEqual(5);
    await expectSound(run, where);
    return struck;
  } finally {
    failing.disarm();
    project.dispose();
    await fake.close();
  }
}

/** Everything a reader may take for the truth can be read, and is whole. */
async function expectSound({ folder }: RunLocation, where: string): Promise<void> {
  const files = runFiles(folder);
  const { events } = await readEvents(files.events);
  expect(
    events.map(({ seq }) => seq),
    where,
  ).toEqual(events.map((_, i) => i));
  expect(events.at(-1)?.type, where).toBe('run.finished');
  expect(await readStates(folder), where).not.toBeNull();
  for (const { outcome } of allTraces(files.traces)) expect(outcome, where).toBeDefined();
}
