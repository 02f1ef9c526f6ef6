/** A job that must not run twice, though answers are lost on the way; and lists that are not all there. */
import { APIConnectionError, APIError } from 'openai';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CannotList } from '../../../src/engine/errors.ts';
import { hostedClient } from '../../../src/finetune/base/hostedClient.ts';
import { sendOnce } from '../../../src/finetune/base/sendOnce.ts';
import type { ServiceClient } from '../../../src/finetune/base/serviceClient.ts';
import { TogetherApi } from '../../../src/finetune/together/api.ts';
import { jobSchema } from '../../../src/finetune/together/wire.ts';
import { connect } from '../../../src/lm/connection.ts';
import type { Connection } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';

vi.mock('../../../src/base/limits.ts', async (original) => ({
  ...(await original<object>()),
  listPagesAtMost: 3,
}));

const never = new AbortController().signal;

let connection: Connection;
let client: ServiceClient;

beforeEach(() => {
  connection = connect(defineEndpoint({ name: 'lab', baseURL: 'http://127.0.0.1:9/v1', apiKeyEnv: null }));
  client = hostedClient(connection, () => undefined);
});
afterEach(() => connection.close());

it.each(['lab', 'lab.fineTune'])('a job that is refused names the key to change, trained by "%s"', (name) => {
  const refusing = hostedClient({ ...connection, endpoint: { ...connection.endpoint, name } }, () => undefined);
  const { message } = refusing.refusal('a job', 'Unrecognized request argument supplied: metadata');
  expect(message).toContain(' endpoints.lab.fineTune.extra: {"metadata": null}.');
});

it('a job whose answer was lost is looked for before each further attempt, whatever came between', async () => {
  const lost = new APIConnectionError({ cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });
  const busy = APIError.generate(503, undefined, 'busy', new Headers({ 'retry-after': '0' }));
  const answers = [lost, busy];
  let posts = 0;
  // The service lists the job late.
  const found = [null, 'job-1'];
  const id = await sendOnce(
    client,
    {
      what: 'a job',
      post: () => {
        posts++;
        const error = answers.shift();
        return error === undefined ? Promise.resolve('job-2') : Promise.reject(error);
      },
      find: () => Promise.resolve(found.shift() ?? null),
    },
    never,
  );
  expect([id, posts]).toEqual(['job-1', 2]);
});

it('a job whose name is taken is looked for at once: it may have been started already', async () => {
  const taken = APIError.generate(409, { error: { message: 'It already exists' } }, undefined, new Headers());
  const sending = { what: 'a job', post: () => Promise.reject(taken), find: () => Promise.resolve('job-1') };
  await expect(sendOnce(client, sending, never)).resolves.toBe('job-1');
});

it.each([2, 3, 4])('a list of %i pages is given as a whole, or not at all where that is too many', async (pages) => {
  const api = new TogetherApi(client);
  let page = 0;
  vi.spyOn(client, 'send').mockImplementation(() => {
    page++;
    const data = [{ id: `ft-${page}`, status: 'completed' }];
    return Promise.resolve({ data, next_cursor: page < pages ? `after-${page}` : null });
  });
  const list = api.list('its jobs', '/v1/fine-tunes', jobSchema, never);
  if (pages > 3) await expect(list).rejects.toThrow(CannotList);
  else expect((await list).map(({ id }) => id)).toEqual(['ft-1', 'ft-2', 'ft-3'].slice(0, pages));
});
