/** Runs with training services that list less than OpenAI's: nothing optional stops them, no job is sent twice. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RunResult } from '../../../src/protocol.ts';
import { resultSchema } from '../../../src/protocol.ts';
import type { FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { lastJson, studentAnswer, Workspace } from '../workspace.ts';

let fake: FakeEndpoint;
let workspace: Workspace;
let intercept: (request: IncomingMessage, response: ServerResponse) => boolean;

beforeEach(async () => {
  fake = await startFakeEndpoint({
    answer: studentAnswer,
    latencyMs: 2,
    intercept: (request, response) => intercept(request, response),
  });
  workspace = new Workspace({ baseURL: fake.baseURL, strategy: 'w', endpoint: { patienceSeconds: 3 } });
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

const optimize = ['optimize', 'two', '--yes', '--json'];

function eventsOfRun(): string {
  const runs = join(workspace.folder, '.bettertogether', 'runs');
  const [run] = existsSync(runs) ? readdirSync(runs) : [];
  const log = run === undefined ? '' : join(runs, run, 'events.jsonl');
  return existsSync(log) ? readFileSync(log, 'utf8') : '';
}

/** A list of models that names none but the base. */
const listsNoTuned = ({ url = '' }: IncomingMessage, response: ServerResponse): boolean => {
  if (!url.startsWith('/v1/models')) return false;
  const found = url === '/v1/models';
  const body = found ? { data: [{ id: 'base' }] } : { error: { message: 'no route' } };
  response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  return true;
};

it('a run killed behind job.finished goes on with its model, though no list names it: one job', async () => {
  intercept = listsNoTuned;
  const { child, done } = workspace.start(optimize);
  await expect.poll(() => eventsOfRun().includes('"job.finished"'), { timeout: 60_000, interval: 2 }).toBe(true);
  child.kill('SIGKILL');
  await done;
  const resumed = await workspace.run(['resume', 'latest', '--json']);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(resultSchema.parse(lastJson<RunResult>(resumed)).scores['w']?.dev).toBe(100);
  expect(fake.counters.jobsCreated).toBe(1);
});

it('a model that is gone is said to be, and then trained again; the question is in the account', async () => {
  intercept = listsNoTuned;
  const first = resultSchema.parse(lastJson<RunResult>(await workspace.run(optimize)));
  fake.reset();
  const again = resultSchema.parse(lastJson<RunResult>(await workspace.run(optimize)));
  // Whether the model answers is the one call that is made.
  expect([fake.counters.completions, again.usage.calls, fake.counters.jobsCreated]).toEqual([1, 1, 1]);
  expect(again.scores).toEqual(first.scores);
  fake.setModels(['base']);
  const gone = await workspace.run([...optimize.slice(0, -1)]);
  expect(gone.code, gone.stderr).toBe(0);
  expect(gone.stderr).toMatch(
    /"ft-\w+", which training job ftjob-1 gave, does not answer any more: it is trained again/,
  );
  expect(fake.counters.jobsCreated).toBe(2);
});

it.each([
  ['broken', (response: ServerResponse) => response.end('<html>')],
  ['never given', () => undefined],
  ['of another shape', (response: ServerResponse) => response.end('{"best": 3}')],
])('a list of checkpoints that is %s is a warning, and the run goes on', async (_, answer) => {
  intercept = ({ url = '' }, response) => {
    if (!url.includes('/checkpoints')) return false;
    answer(response);
    return true;
  };
  const run = await workspace.run(optimize.slice(0, -1));
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toContain('did not give the checkpoints of job ftjob-1. The run goes on without');
  expect(fake.counters.jobsCreated).toBe(1);
});
