/** Spans of real runs, as a collector gets them: by the built command line. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeCollector, CollectedSpan } from '../fakes/fakeCollector.ts';
import { startFakeCollector } from '../fakes/fakeCollector.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { RunResult } from '../../src/protocol.ts';
import { lastJson, studentAnswer, Workspace } from './workspace.ts';

let fake: FakeEndpoint;
let workspace: Workspace;
let collector: FakeCollector;

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer, latencyMs: 2 });
  workspace = new Workspace({ baseURL: fake.baseURL });
  collector = await startFakeCollector();
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
  await collector.close();
});

const optimize = (...more: string[]): string[] => ['optimize', 'two', '--yes', '--json', ...more];
const kind = (span: CollectedSpan): unknown => span.attributes['openinference.span.kind'];
const requests = (): CollectedSpan[] => collector.spans.filter((span) => kind(span) === 'LLM');
const all = (): string => Buffer.concat(collector.requests.map(({ body }) => body)).toString('latin1');

describe('spans of a run', () => {
  it('are one trace: the run, its steps, their program runs, calls of predictors, requests', async () => {
    const run = await workspace.run(optimize('--otlp', collector.url));
    expect(run.stderr + String(run.code)).toMatch(/0$/);
    const result = lastJson<RunResult>(run);
    const { spans } = collector;
    expect(new Set(spans.map(({ trace }) => trace)).size).toBe(1);
    const byId = new Map(spans.map((span) => [span.id, span]));
    expect(byId.size).toBe(spans.length);
    const roots = spans.filter(({ parent }) => parent === '');
    expect(roots.map(({ name, status }) => [name, status])).toEqual([['optimize two', 0]]);
    expect(roots[0]!.attributes).toMatchObject({ 'bettertogether.run': result.run, 'bettertogether.best': 'p -> w' });
    expect(spans.every(({ parent }) => parent === '' || byId.has(parent))).toBe(true);
    expect(spans.filter(({ parent }) => parent === roots[0]!.id).map(({ name }) => name)).toEqual([
      'baseline',
      'p',
      'p -> w',
      'p -> w -> p',
    ]);
    for (const { parent, start, end } of spans) {
      expect(end).toBeGreaterThanOrEqual(start);
      const around = byId.get(parent);
      if (around !== undefined) expect(start).toBeGreaterThanOrEqual(around.start - 0.01);
    }
    const [request] = requests();
    expect(request).toMatchObject({
      kind: 3,
      name: `chat ${String(request!.attributes['gen_ai.request.model'])}`,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'base',
        'gen_ai.response.finish_reasons': ['stop'],
        'server.address': '127.0.0.1',
      },
    });
    expect(request!.attributes['gen_ai.request.max_tokens']).toBeGreaterThan(0);
    const path = [request!, byId.get(request!.parent)!];
    path.push(byId.get(path[1]!.parent)!, byId.get(byId.get(path[1]!.parent)!.parent)!);
    expect(path.map(({ name }) => name)).toEqual([request!.name, 'hint', 'invoke_workflow two', 'baseline']);
    expect(spans.some(({ name }) => name === 'training job')).toBe(true);
    expect(collector.requests[0]).toMatchObject({ path: '/v1/traces' });
  });

  it('have the tokens that were paid for, once each, and a score of each program run', async () => {
    const search = optimize('--otlp', collector.url, '--strategy', 'p');
    const result = lastJson<RunResult>(await workspace.run(search));
    const sum = (name: string) =>
      requests().reduce((total, { attributes }) => total + Number(attributes[name] ?? 0), 0);
    // Besides, the endpoint was asked what it can do.
    const probes = result.usage.inputTokens! - sum('gen_ai.usage.input_tokens');
    expect(probes).toBeGreaterThanOrEqual(0);
    expect(probes).toBeLessThan(50);
    expect(requests().filter(({ attributes }) => attributes['bettertogether.memo_hit'] === true)).not.toEqual([]);
    const runs = collector.spans.filter(({ name }) => name === 'invoke_workflow two');
    expect(runs.length).toBeGreaterThan(50);
    for (const { events } of runs) {
      expect(events.map(({ name }) => name)).toEqual(['gen_ai.evaluation.result']);
      expect(events[0]!.attributes['gen_ai.evaluation.name']).toBe('metric');
    }
    // The same run again asks nothing: no tokens are counted a second time.
    collector.spans.length = 0;
    await workspace.run(search);
    expect(collector.spans.filter(({ attributes }) => attributes['bettertogether.recalled'] === true)).not.toEqual([]);
    expect(sum('gen_ai.usage.input_tokens')).toBe(0);
  });

  it('hold no prompt, answer or row unless these were asked for', async () => {
    await workspace.run(optimize('--otlp', collector.url, '--strategy', 'vanilla'));
    expect(all()).not.toContain('dev 3');
    collector.requests.length = collector.spans.length = 0;
    await workspace.run(['evaluate', 'two', '--yes', '--split', 'train', '--otlp', collector.url, '--otlp-content']);
    expect(all()).toContain('train 3');
    const [asked] = requests();
    expect(String(asked!.attributes['gen_ai.input.messages'])).toContain('train');
    expect(String(asked!.attributes['output.value'])).not.toBe('');
    expect(collector.spans.filter(({ parent }) => parent === '').map(({ name }) => name)).toEqual(['evaluate two']);
  });

  it('stay one trace where a run goes on', async () => {
    const capped = optimize('--otlp', collector.url, '--strategy', 'p', '--budget-calls', '40');
    expect((await workspace.run(capped)).code).toBe(3);
    const [first] = collector.spans.filter(({ parent }) => parent === '');
    expect(first).toMatchObject({ status: 2, attributes: { 'bettertogether.end': 'budget' } });
    const resumed = await workspace.run([
      'resume',
      'latest',
      '--yes',
      '--budget-calls',
      '4000',
      '--otlp',
      collector.url,
    ]);
    expect(resumed.code).toBe(0);
    const roots = collector.spans.filter(({ parent }) => parent === '');
    expect(roots).toHaveLength(2);
    expect(new Set(collector.spans.map(({ trace }) => trace)).size).toBe(1);
    expect(new Set(collector.spans.map(({ id }) => id)).size).toBe(collector.spans.length);
  });
});

describe('spans of a run that is over', () => {
  it('are the same that were sent while it was at work', async () => {
    await workspace.run(optimize('--otlp', collector.url, '--strategy', 'p -> w'));
    const live = collector.spans.splice(0);
    const shown = await workspace.run(['show', 'latest', '--otlp', collector.url]);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/^[\d,]+ spans of run /);
    const what = (spans: readonly CollectedSpan[]) =>
      spans
        .map(({ id, parent, name, attributes }) => ({ id, parent, name, attributes }))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(what(collector.spans)).toEqual(what(live));
  });

  it('say where they could not be sent', async () => {
    await workspace.run(optimize('--strategy', 'vanilla'));
    collector.answer = 403;
    const shown = await workspace.run(['show', 'latest', '--otlp', collector.url]);
    expect(shown.code).toBe(1);
    expect(shown.stderr).toContain(`could not be sent to ${new URL(collector.url).host}`);
  });
});

describe('a run that is cancelled', () => {
  it('sends what it has before it ends', async () => {
    fake.setLatency(100);
    const { child, done } = workspace.start(optimize('--otlp', collector.url));
    while (fake.counters.answered < 60) await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill('SIGINT');
    expect((await done).code).toBe(130);
    const [root] = collector.spans.filter(({ parent }) => parent === '');
    expect(root).toMatchObject({ status: 0, attributes: { 'bettertogether.end': 'cancelled' } });
    expect(requests().length).toBeGreaterThan(0);
  });
});

describe('where spans go', () => {
  it('a variable of the environment neither turns them on nor sends them elsewhere', async () => {
    const other = await startFakeCollector();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: other.url,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${other.url}/v1/traces`,
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_BSP_MAX_QUEUE_SIZE: '1',
      OTEL_SDK_DISABLED: 'true',
      OTEL_TRACES_SAMPLER: 'always_off',
    };
    try {
      const evaluate = ['evaluate', 'two', '--yes'];
      expect((await workspace.run(evaluate, env)).code).toBe(0);
      expect(other.requests).toEqual([]);
      expect((await workspace.run([...evaluate, '--otlp', collector.url], env)).code).toBe(0);
      expect(other.requests).toEqual([]);
      expect(collector.spans.length).toBeGreaterThan(15);
    } finally {
      await other.close();
    }
  });

  it('headers of the environment go there, and stand in nothing that is printed or kept', async () => {
    const env = { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20secret-key-4711' };
    collector.answer = 401;
    const run = await workspace.run(optimize('--otlp', collector.url, '--strategy', 'vanilla'), env);
    expect(run.code).toBe(0);
    expect(collector.requests[0]!.headers.authorization).toBe('Bearer secret-key-4711');
    expect(run.stdout + run.stderr).not.toContain('secret-key-4711');
    expect(all()).not.toContain('secret-key-4711');
  });

  it.each([
    ['http://user:secret-4711@127.0.0.1:4318', 'OTEL_EXPORTER_OTLP_HEADERS'],
    ['127.0.0.1:4318', 'Write it like'],
    ['http://127.0.0.1:4318?key=secret-4711', 'query'],
  ])('%s is refused', async (url, why) => {
    const run = await workspace.run(optimize('--otlp', url));
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(why);
    expect(run.stderr).not.toContain('secret-4711');
    expect(fake.counters.completions).toBe(0);
  });

  it('on another machine they need consent, which says what goes there', async () => {
    const run = await workspace.run(['optimize', 'two', '--otlp', 'http://lens.example:4318']);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('Traces of program runs and calls go to lens.example:4318');
    expect(fake.counters.completions).toBe(0);
  });
});

describe('a collector that fails', () => {
  const baseline = ['optimize', 'two', '--yes', '--strategy', 'vanilla', '--otlp'];

  it('that is not there is one warning, and the run ends as it would without', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const run = await workspace.run([...baseline, `http://127.0.0.1:${port}`]);
    expect(run.code).toBe(0);
    expect(run.stderr.match(/Spans could not be sent|were not sent/g)!.length).toBeLessThanOrEqual(2);
    expect(run.stderr).toContain('spans were not sent');
  });

  it.each([500, 413, 'hang'] as const)('with %s holds the end up for some seconds at most', async (answer) => {
    collector.answer = answer;
    const started = performance.now();
    const run = await workspace.run([...baseline, collector.url]);
    expect(run.code).toBe(0);
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(run.stderr).toMatch(/\d+ of \d+ spans were not sent/);
  });
});
