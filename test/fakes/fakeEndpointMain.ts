/**
 * The fake endpoint as a process of its own, for tests that kill its clients:
 *
 *     node --import jiti/register test/fakes/fakeEndpointMain.ts '{"latencyMs":20,"models":["base"]}'
 *
 * The argument is `FakeEndpointOptions` without functions; `script` names answers instead (`fakeScripts.ts`). Prints one
 * line of JSON, `{"baseURL","port"}`, when it listens. `GET /v1/__fake/state` gives `{counters, calls, jobs}`;
 * `POST /v1/__fake/control` takes `{latencyMs?, faults?, reset?}`. It ends when its standard input closes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startFakeEndpoint, type FakeEndpoint, type FakeEndpointOptions } from './fakeEndpoint.ts';
import type { FakeFault } from './fakeFaults.ts';
import { readBody, send } from './fakeHttp.ts';
import { fakeScripts, type FakeScript } from './fakeScripts.ts';

export interface FakeControl {
  readonly latencyMs?: number;
  readonly faults?: readonly FakeFault[];
  readonly reset?: boolean;
}

type MainOptions = Omit<FakeEndpointOptions, 'answer' | 'intercept'> & { readonly script?: FakeScript };

async function main(): Promise<void> {
  const { script, ...options } = JSON.parse(process.argv[2] ?? '{}') as MainOptions;
  const answer = script === undefined ? {} : { answer: fakeScripts[script] };
  const fake: FakeEndpoint = await startFakeEndpoint({
    ...options,
    ...answer,
    intercept: (request, response) => {
      if (request.url?.startsWith('/v1/__fake/') !== true) return false;
      if (request.url === '/v1/__fake/state') {
        send(response, 200, { counters: fake.counters, calls: fake.calls, jobs: fake.jobs });
      } else void control(fake, request, response);
      return true;
    },
  });
  process.stdout.write(`${JSON.stringify({ baseURL: fake.baseURL, port: fake.port })}\n`);
  process.stdin.resume().on('end', () => process.exit(0));
}

async function control(fake: FakeEndpoint, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { latencyMs, faults, reset } = JSON.parse((await readBody(request)).toString('utf8')) as FakeControl;
  if (latencyMs !== undefined) fake.setLatency(latencyMs);
  if (faults !== undefined) fake.fault(...faults);
  if (reset === true) fake.reset();
  send(response, 200, {});
}

await main();
