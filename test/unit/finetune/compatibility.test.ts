/** Training services as they are: each row of docs/compatibility/training.json, what is answered and what we make of it. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Trainer } from '../../../src/engine/interfaces.ts';
import { Budget } from '../../../src/engine/budget.ts';
import { suffixOf } from '../../../src/finetune/base/jobMark.ts';
import { createOpenAiTrainer } from '../../../src/finetune/openai/openaiTrainer.ts';
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';

const answerSchema = z.strictObject({
  /** Default 200. */
  status: z.int().optional(),
  /** A text is sent as it is. */
  body: z.unknown(),
  silent: z.literal(true).optional(),
});

const rowSchema = z.strictObject({
  service: z.string(),
  quirk: z.string(),
  ask: z.enum(['find', 'poll', 'checkpoints', 'serves', 'submit']),
  /** By method and path; all others are 404. */
  answers: z.record(z.string(), answerSchema),
  gives: z.unknown().optional(),
  /** Patterns. */
  fails: z.string().optional(),
  warns: z.string().optional(),
  /** Calls that are charged. */
  calls: z.int().optional(),
  /** What the run does, in words. */
  run: z.string(),
});
type Row = z.infer<typeof rowSchema>;

const file = new URL('../../../docs/compatibility/training.json', import.meta.url);
const rows = z.array(rowSchema).parse(JSON.parse(readFileSync(file, 'utf8')));

const hash = 'ab'.repeat(32);
const never = new AbortController().signal;
const retry = { firstSeconds: 0.001, longestSeconds: 0.01, patienceSeconds: 0.5, firstContactSeconds: 0.2 };
const lora = { rank: 8, alpha: 16, targets: 'all-linear' } as const;
const hyperParameters = { epochs: 1, learningRate: 1e-4, schedule: 'linear', batchSize: 1, lora, seed: 0 } as const;

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

/** A service that gives the row's answers. */
async function serve({ answers }: Row): Promise<string> {
  let asked = 0;
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/^\/v1/, '').replace(/\?.*$/, '');
    const answer = answers[`${request.method ?? ''} ${path}`] ?? {
      status: 404,
      body: { error: { message: 'no route' } },
    };
    if (answer.silent === true) return;
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    const filled = text
      .replaceAll('HASH', hash)
      .replaceAll('SUFFIX', suffixOf(hash))
      .replaceAll('NOW', `${asked++} rows`);
    request.resume();
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' }).end(filled);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

async function trainerOf(row: Row) {
  const connection = connect(defineEndpoint({ name: 'lab', baseURL: await serve(row) }), { timeoutSeconds: 20 });
  closing.push(() => connection.close());
  const warnings: string[] = [];
  const budget = new Budget({ calls: 5, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 });
  const trainer = createOpenAiTrainer({
    connection,
    profile: 'nebius',
    rows: { layout: 'joined', textAsChat: false },
    pollSeconds: 0.005,
    stallSeconds: 0.1,
    account: { gate: budget, prices: null, onPaid: () => undefined },
    onWarning: (message) => warnings.push(message),
    retry,
  });
  return { trainer, warnings, budget };
}

const questions: Readonly<Record<Row['ask'], (trainer: Trainer) => Promise<unknown>>> = {
  find: (trainer) => trainer.find(hash, never),
  poll: (trainer) => trainer.poll('1', null, never),
  checkpoints: (trainer) => trainer.checkpoints!('1', never),
  serves: (trainer) => trainer.serves('ft', never),
  submit: (trainer) =>
    trainer.submit({ hash, parent: 'base', set: { method: 'supervised', rows: [] }, hyperParameters }, never),
};

describe.each(rows)('$service: $quirk', (row) => {
  test(row.run, async () => {
    const { trainer, warnings, budget } = await trainerOf(row);
    const answer = questions[row.ask](trainer);
    if (row.fails === undefined) expect(await answer).toEqual(row.gives);
    else await expect(answer).rejects.toThrow(new RegExp(row.fails, 's'));
    if (row.calls !== undefined) expect(budget.spent.calls).toBe(row.calls);
    const said = warnings.filter((warning) => !warning.includes('chooses these itself'));
    expect(said).toEqual(row.warns === undefined ? [] : [expect.stringMatching(row.warns)]);
  });
});
