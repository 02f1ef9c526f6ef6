/** What is made of a job's status, whichever service trains. */
import { expect, test } from 'vitest';
import { hostedClient } from '../../../src/finetune/base/hostedClient.ts';
import { statusOf } from '../../../src/finetune/base/jobStatus.ts';
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';

test('a job that is paused is said to be, once', async () => {
  const connection = connect(defineEndpoint({ name: 'lab.fineTune', baseURL: 'http://127.0.0.1:9/v1' }));
  const warnings: string[] = [];
  const client = hostedClient(connection, (message) => warnings.push(message));
  const reading = { model: null, trainedTokens: null, said: [], events: [], news: [] };
  const states = ['running', 'JOB_STATE_PAUSED', 'JOB_STATE_PAUSED'].map(
    (status) => statusOf(client, 'ft-1', { ...reading, status }).state,
  );
  await connection.close();
  expect(states).toEqual(['running', 'running', 'running']);
  expect(warnings).toEqual([expect.stringMatching(/job ft-1 is "JOB_STATE_PAUSED"/)]);
});
