/**
 * Our spans in Phoenix, and Phoenix's export as rows. `BETTERTOGETHER_PHOENIX_PYTHON` names a Python that has it; else it is
 * installed once.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import type { FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { studentAnswer, Workspace } from '../../system/workspace.ts';
import { besidePython, pythonApart } from '../pythonWith.ts';
import type { Server } from './serverProcess.ts';
import { freePort, startServer } from './serverProcess.ts';

const spanSchema = z.object({
  name: z.string(),
  span_kind: z.string(),
  context: z.object({ trace_id: z.string(), span_id: z.string() }),
  parent_id: z.string().nullable(),
  status_code: z.string(),
  attributes: z.record(z.string(), z.unknown()),
});
const pageSchema = z.object({ data: z.array(spanSchema), next_cursor: z.string().nullish() });
type PhoenixSpan = z.infer<typeof spanSchema>;

let phoenix: Server;
let url: string;
let fake: FakeEndpoint;
let workspace: Workspace;

beforeAll(async () => {
  const python = pythonApart('phoenix', ['arize-phoenix']);
  const [port, grpc] = [await freePort(), await freePort()];
  fake = await startFakeEndpoint({ answer: studentAnswer });
  workspace = new Workspace({ baseURL: fake.baseURL, strategy: 'p' });
  phoenix = await startServer({
    ...{ name: 'Phoenix', model: '', port, ready: '/healthz' },
    command: [besidePython(python, 'phoenix'), 'serve'],
    env: {
      PHOENIX_HOST: '127.0.0.1',
      PHOENIX_PORT: String(port),
      PHOENIX_GRPC_PORT: String(grpc),
      PHOENIX_WORKING_DIR: join(workspace.folder, 'phoenix'),
      PHOENIX_TELEMETRY_ENABLED: 'false',
    },
  });
  url = `http://127.0.0.1:${port}`;
}, 3_600_000);
afterAll(async () => {
  await phoenix?.stop();
  await fake?.close();
  workspace?.dispose();
});

async function spansOf(project: string): Promise<readonly PhoenixSpan[]> {
  const spans: PhoenixSpan[] = [];
  let cursor = '';
  do {
    const page = pageSchema.parse(
      await (await fetch(`${url}/v1/projects/${project}/spans?limit=1000${cursor}`)).json(),
    );
    spans.push(...page.data);
    cursor = page.next_cursor ? `&cursor=${encodeURIComponent(page.next_cursor)}` : '';
  } while (cursor !== '');
  return spans;
}

/** It writes what it takes a moment later. */
async function settled(project: string): Promise<readonly PhoenixSpan[]> {
  for (let before = -1; ; await sleep(2000)) {
    const spans = await spansOf(project);
    if (spans.length === before && spans.some(({ parent_id }) => parent_id === null)) return spans;
    before = spans.length;
  }
}

it('takes a run as one tree, knows its LM calls, and takes it once however often it is sent', async () => {
  const run = await workspace.run(['optimize', 'two', '--yes', '--otlp', url, '--otlp-content']);
  expect(run.stderr).not.toContain('were not sent');
  expect(run.code).toBe(0);
  const spans = await settled('two');
  expect(new Set(spans.map(({ context }) => context.trace_id)).size).toBe(1);
  expect(spans.filter(({ parent_id }) => parent_id === null).map(({ name }) => name)).toEqual(['optimize two']);
  const ids = new Set(spans.map(({ context }) => context.span_id));
  expect(spans.every(({ parent_id }) => parent_id === null || ids.has(parent_id))).toBe(true);
  const calls = spans.filter(({ span_kind }) => span_kind === 'LLM');
  expect(calls.length).toBeGreaterThan(50);
  const paid = calls.filter(({ attributes }) => attributes['bettertogether.memo_hit'] !== true);
  expect(paid.every(({ attributes }) => Number(attributes['llm.token_count.prompt']) > 0)).toBe(true);
  expect(calls.every(({ attributes }) => attributes['llm.model_name'] === 'base')).toBe(true);
  expect((await workspace.run(['show', 'latest', '--otlp', url, '--otlp-content'])).code).toBe(0);
  await sleep(3000);
  expect(await settled('two')).toHaveLength(spans.length);
});

it('what it exports makes rows', async () => {
  const data = await settled('two');
  writeFileSync(join(workspace.folder, 'spans.json'), JSON.stringify({ data, next_cursor: null }));
  writeFileSync(join(workspace.folder, 'spans.jsonl'), data.map((span) => JSON.stringify(span)).join('\n'));
  for (const file of ['spans.json', 'spans.jsonl']) {
    const made = await workspace.run(['rows', file, '--program', 'two', '--force']);
    expect(made.stderr + String(made.code)).toBe('0');
    expect(made.stdout).toMatch(/^\d+ rows in rows\.jsonl: question\n/);
  }
});
