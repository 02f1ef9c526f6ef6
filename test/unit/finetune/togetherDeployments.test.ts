/** The end of a deployment at Together: what counts as stopped, however long the service takes. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EndpointUnavailable } from '../../../src/engine/errors.ts';
import { hostedClient } from '../../../src/finetune/base/hostedClient.ts';
import { TogetherApi } from '../../../src/finetune/together/api.ts';
import { TogetherDeployments } from '../../../src/finetune/together/deployments.ts';
import { endpointNameOf } from '../../../src/finetune/together/names.ts';
import { connect } from '../../../src/lm/connection.ts';
import type { Connection } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { FakeTogether } from '../../fakes/fakeTogether.ts';

const never = new AbortController().signal;
const job = { id: 'ft-1', body: {}, status: 'completed', reason: '', reads: 0, metrics: [] };
const name = endpointNameOf(job.id);

let fake: FakeTogether;
let endpoint: FakeEndpoint;
let connection: Connection;
let deployments: TogetherDeployments;

beforeEach(async () => {
  fake = new FakeTogether();
  fake.jobs.push(job);
  endpoint = await startFakeEndpoint({ intercept: (request, response) => fake.handle(request, response) });
  connection = connect(defineEndpoint({ name: 'lab', baseURL: endpoint.baseURL, apiKeyEnv: null }));
  deployments = new TogetherDeployments({
    api: new TogetherApi(hostedClient(connection, () => undefined)),
    ...{ deploy: { usdPerHour: 6, idleMinutes: 30 }, setting: 'endpoints.lab.fineTune.deploy', pollSeconds: 0.001 },
  });
});
afterEach(async () => {
  await connection.close();
  await endpoint.close();
});

it('one that takes longer to stop than it is waited for is not taken for stopped; asked again, it is removed', async () => {
  await deployments.start(`acme/${name}/tuned`, never);
  fake.configure({ stopReads: 1000 });
  await expect(deployments.stop(name, never)).rejects.toThrow(EndpointUnavailable);
  await expect(deployments.stop(name, never)).rejects.toThrow(/has not stopped deployment "bt-ft-1.*: it is STOPPING/);
  expect(fake.running).toEqual([name]);
  fake.configure({ stopReads: 2 });
  await deployments.stop(name, never);
  expect([fake.running, fake.endpoints]).toEqual([[], []]);
});

it('one that is stopped or failed costs nothing, though the service does not remove it yet', async () => {
  await deployments.start(`acme/${name}/tuned`, never);
  fake.configure({ keepsStopped: true });
  await deployments.stop(name, never);
  expect(fake.running).toEqual([]);
  expect(await deployments.state(name, never)).toEqual({ phase: 'stopped' });
});
