/** A small run behind a fault proxy: what it did, what people saw of it, and what was paid for. */
import { startFakeEndpoint, type FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { startFaultProxy, type Decide, type FaultProxy } from '../../fakes/faultProxy.ts';
import type { LoggedEvent, RunResult } from '../../../src/protocol.ts';
import { loggedEventSchema, resultSchema } from '../../../src/protocol.ts';
import { studentAnswer, Workspace, type Finished } from '../workspace.ts';

/** Six rows each; about fifty calls of one prompt search. */
export function smallWorkspace(baseURL: string, endpoint: Readonly<Record<string, unknown>> = {}): Workspace {
  const workspace = new Workspace({
    baseURL,
    strategy: 'p',
    settings: { p: { candidates: 1, maxBootstrappedDemos: 1, maxLabeledDemos: 0, train: 4, validation: 6 } },
    endpoint: { concurrency: 4, ...endpoint },
  });
  for (const split of ['train', 'dev', 'test']) {
    const rows = Array.from({ length: split === 'train' ? 12 : 6 }, (_, id) => ({
      question: `${split} ${id}`,
      answer: `a ${split} ${id}`,
    }));
    workspace.write(`${split}.jsonl`, rows.map((row) => JSON.stringify(row)).join('\n'));
  }
  return workspace;
}

export interface Told {
  readonly code: number | null;
  readonly stderr: string;
  readonly events: readonly LoggedEvent[];
  readonly result: RunResult | null;
}

export function told({ code, stdout, stderr }: Finished): Told {
  const lines = stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { readonly type: string });
  const last = lines.at(-1);
  return {
    code,
    stderr,
    events: lines.filter(({ type }) => type !== 'result').map((line) => loggedEventSchema.parse(line)),
    result: last?.type === 'result' ? resultSchema.parse(last) : null,
  };
}

/** What was counted where: at the endpoint, in the usage shown, and against the cap. */
export interface Paid {
  /** Calls of the run that the endpoint answered, whether or not the answer arrived. */
  readonly atEndpoint: number;
  readonly shown: number;
  readonly againstCap: number;
}

export class FaultRun {
  readonly fake: FakeEndpoint;
  readonly proxy: FaultProxy;
  readonly workspace: Workspace;

  private constructor(fake: FakeEndpoint, proxy: FaultProxy, workspace: Workspace) {
    this.fake = fake;
    this.proxy = proxy;
    this.workspace = workspace;
  }

  static async start(endpoint: Readonly<Record<string, unknown>> = {}): Promise<FaultRun> {
    const fake = await startFakeEndpoint({ answer: studentAnswer });
    const proxy = await startFaultProxy(fake.baseURL);
    return new FaultRun(fake, proxy, smallWorkspace(proxy.baseURL, endpoint));
  }

  /** Starts one, hands it to `body`, and clears up. */
  static async with(body: (run: FaultRun) => Promise<void>, endpoint: Readonly<Record<string, unknown>> = {}) {
    const run = await FaultRun.start(endpoint);
    try {
      await body(run);
    } finally {
      await run.close();
    }
  }

  /** Faults of the run's own calls; what the endpoint can do is found out undisturbed. `nth` counts from 1. */
  setFault(decide: (nth: number, prompt: string, model: string) => ReturnType<Decide>): void {
    let nth = 0;
    this.proxy.setFault(({ prompt, body }) => (isProbe(prompt) ? null : decide(++nth, prompt, String(body['model']))));
  }

  async optimize(env: NodeJS.ProcessEnv = {}): Promise<Told> {
    return told(await this.workspace.run(['optimize', 'two', '--yes', '--json'], env));
  }

  async resume(env: NodeJS.ProcessEnv = {}): Promise<Told> {
    return told(await this.workspace.run(['resume', 'latest', '--json'], env));
  }

  /** Of the sessions so far; `last` is what the last one told. */
  paid(last: Told): Paid {
    const usage = last.events.filter((event) => event.type === 'usage').at(-1);
    return {
      atEndpoint: this.fake.counters.answered,
      shown: usage?.usage.calls ?? 0,
      againstCap: usage?.spent?.calls ?? 0,
    };
  }

  async close(): Promise<void> {
    this.workspace.dispose();
    await this.proxy.close();
    await this.fake.close();
  }
}

function isProbe(prompt: string): boolean {
  return prompt === 'Hello' || prompt.includes('Say hello.');
}

/** What must not depend on what happened to the calls on their way. */
export const essence = (result: RunResult | null) =>
  result === null ? null : { scores: result.scores, final: result.final, best: result.best, state: result.state };
