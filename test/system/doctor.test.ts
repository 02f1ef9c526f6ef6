/** `doctor` against gateways that list no models. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startFakeEndpoint, type FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { studentAnswer, Workspace } from './workspace.ts';

let fake: FakeEndpoint;
let workspace: Workspace;
let served: string;

beforeEach(async () => {
  served = 'base';
  fake = await startFakeEndpoint({
    answer: (call) =>
      call.model === served
        ? studentAnswer(call)
        : { text: null, status: 404, raw: { error: { message: `The model \`${call.model}\` does not exist` } } },
    intercept: ({ method, url = '' }, response) => {
      if (method !== 'GET' || !url.endsWith('/models')) return false;
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"detail":"Not Found"}');
      return true;
    },
  });
  workspace = new Workspace({ baseURL: fake.baseURL, strategy: 'p' });
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

it('asks the model itself, and finds nothing wrong', async () => {
  const { code, stdout, stderr } = await workspace.run(['doctor', 'two', '--yes']);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/it lists no models, so those named were asked for a few tokens/);
  expect(stdout).toContain('answers on "fake"');
});

it('says so where it has no such model either, and ends with 1', async () => {
  served = 'another';
  const { code, stdout } = await workspace.run(['doctor', 'two', '--yes']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/does not know model "base"/);
});
