import { expect } from 'vitest';
import { startFakeEndpoint, type FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { FailingFs } from '../../fakes/failingFs.ts';
import type { PythonRandom } from '../../../src/engine/pythonRandom.ts';
import { answerOf, Project } from '../crash/session.ts';

export type CapKind = 'calls' | 'tokens' | 'usd';

type Prices = Readonly<Record<string, { readonly input: number; readonly output: number; readonly training: number }>>;

/** What the endpoint itself would charge for: every call it answered, every job it ran. */
export function paidBy(fake: FakeEndpoint, prices: Prices): Readonly<Record<CapKind, number>> {
  const { input, output, training } = prices['*']!;
  let [calls, tokens, usd] = [0, 0, 0];
  for (const call of fake.calls) {
    const [asked, answered] = [Math.ceil(call.prompt.length / 4), Math.ceil(answerOf(call).length / 4)];
    calls++;
    tokens += asked + answered;
    usd += (asked * input + answered * output) / 1e6;
  }
  // The fake takes a token for every character of a file.
  for (const job of fake.jobs.filter(({ status }) => status === 'succeeded')) {
    const trained = job.file?.content.length ?? 0;
    tokens += trained;
    usd += (trained * training) / 1e6;
  }
  return { calls, tokens, usd };
}

export interface CapKills {
  readonly kind: CapKind;
  /** Kills at most. */
  readonly kills: number;
  readonly random: PythonRandom;
  readonly where: string;
}

const prices: Prices = { '*': { input: 1000, output: 2000, training: 50 } };

/** Kills a run with a cap at writes drawn at random until the cap itself ends it, and looks at the endpoint's books. */
export async function killedUnderCap(failing: FailingFs, { kind, kills, random, where }: CapKills) {
  const fake = await startFakeEndpoint({ answer: answerOf, latencyMs: 2 });
  const project = new Project(fake.baseURL, { rows: { train: 10, dev: 10, test: 3 }, endpoint: { prices } });
  const cap = { calls: 60, tokens: 1200, usd: 1 }[kind];
  const caps = { calls: null, tokens: null, usd: null, [kind]: cap };
  let killed = 0;
  try {
    const run = await project.begin();
    for (let session = 0; ; session++) {
      const armed = killed < kills;
      if (armed) failing.arm({ folder: project.state, at: random.randint(5, 40), fault: 'dies' });
      const error = await project.sit(run, { resumed: session > 0, caps }).then(
        () => null,
        (thrown: unknown) => thrown as Error,
      );
      const struck = armed && failing.struck;
      failing.disarm();
      // A dead process asks nothing more; what it had in flight arrives all the same.
      await expect.poll(() => fake.counters.inFlight).toBe(0);
      expect(paidBy(fake, prices)[kind], `${where}, session ${session}`).toBeLessThanOrEqual(cap);
      if (struck) killed++;
      else {
        expect(error?.name, `${where}: ${error?.message ?? 'ended'}`).toBe('BudgetExhausted');
        return { kills: killed, paid: paidBy(fake, prices)[kind], cap };
      }
      failing.disarm();
    }
  } finally {
    failing.disarm();
    project.dispose();
    await fake.close();
  }
}
