/** What waits is bounded, what is lost is counted, and nothing is said twice. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Exporter } from '../../../src/otlp/exporter.ts';
import type { ExporterLimits } from '../../../src/otlp/exporter.ts';
import type { Span } from '../../../src/otlp/span.ts';
import { spanIdOf, traceIdOf } from '../../../src/otlp/span.ts';
import { startFakeCollector } from '../../fakes/fakeCollector.ts';
import type { FakeCollector } from '../../fakes/fakeCollector.ts';

let collector: FakeCollector;
let warnings: string[];
beforeEach(async () => {
  collector = await startFakeCollector();
  warnings = [];
});
afterEach(() => collector.close());

const exporter = (limits: Partial<ExporterLimits> = {}) =>
  new Exporter({
    url: `${collector.url}/v1/traces`,
    version: '1.2.3',
    project: 'qa',
    warn: (message) => warnings.push(message),
    limits,
  });

const span = (number: number, attributes: Span['attributes'] = {}): Span => ({
  ...{ id: spanIdOf('run', number), parent: null, trace: traceIdOf('run'), name: `span ${number}`, kind: 'client' },
  ...{ start: 1_700_000_000_000.25, end: 1_700_000_000_001.5, attributes, events: [], failed: number % 2 === 1 },
});

describe('an exporter of spans', () => {
  it('sends all that it is given, as it is', async () => {
    const sender = exporter();
    for (let i = 0; i < 1500; i++) sender.add(span(i, { text: 'ü', list: ['a', 'b'], number: 0.5, flag: true }));
    await sender.close();
    expect(warnings).toEqual([]);
    expect(new Set(collector.spans.map(({ id }) => id)).size).toBe(1500);
    expect(collector.spans[1]).toMatchObject({
      ...{ trace: traceIdOf('run'), parent: '', name: 'span 1', kind: 3, status: 2 },
      attributes: { text: 'ü', list: ['a', 'b'], number: 0.5, flag: true },
      resource: { 'service.name': 'bettertogether', 'service.version': '1.2.3', 'openinference.project.name': 'qa' },
    });
    expect(collector.spans[1]!.end - collector.spans[1]!.start).toBeCloseTo(1.25, 2);
  });

  it('drops what does not fit, by number and by size, and says how many once', async () => {
    const few = exporter({ spans: 100 });
    for (let i = 0; i < 250; i++) few.add(span(i));
    await few.close();
    expect(collector.spans).toHaveLength(100);
    expect(warnings).toEqual([expect.stringMatching(/^150 of 250 spans were not sent to 127\.0\.0\.1:\d+\.$/)]);
    warnings.length = collector.spans.length = 0;
    const small = exporter({ characters: 10_000 });
    for (let i = 0; i < 30; i++) small.add(span(i, { text: 'x'.repeat(1000) }));
    await small.close();
    expect(collector.spans).toHaveLength(10);
    expect(warnings).toHaveLength(1);
  });

  it('has room again when what waited is sent', async () => {
    const sender = exporter({ spans: 100 });
    for (let i = 0; i < 1000; i++) {
      await sender.room();
      sender.add(span(i));
    }
    await sender.close();
    expect(collector.spans).toHaveLength(1000);
    expect(warnings).toEqual([]);
  });

  it('a collector that refuses is one warning and one number', async () => {
    collector.answer = 400;
    const sender = exporter();
    for (let i = 0; i < 2000; i++) sender.add(span(i));
    await sender.close();
    expect(warnings).toEqual([
      expect.stringMatching(/^Spans could not be sent to .*The work goes on without them\.$/),
      expect.stringMatching(/^2000 of 2000 spans were not sent/),
    ]);
  });

  it('does not wait for one that never answers', async () => {
    collector.answer = 'hang';
    const sender = exporter({ closeMs: 200 });
    sender.add(span(0));
    const started = performance.now();
    await sender.close();
    expect(performance.now() - started).toBeLessThan(2000);
    expect(warnings).toEqual([expect.stringMatching(/^1 of 1 spans were not sent/)]);
  });

  it('does not wait longer for what still adds spans, and sends what it has', async () => {
    const sender = exporter({ closeMs: 400 });
    sender.add(span(0));
    const started = performance.now();
    await sender.close(new Promise(() => undefined));
    expect(performance.now() - started).toBeLessThan(1500);
    expect(collector.spans).toHaveLength(1);
    expect(warnings).toEqual([expect.stringMatching(/^Spans of what ended last were not made in time/)]);
  });

  it('sends what is added while it waits', async () => {
    const sender = exporter();
    await sender.close(Promise.resolve().then(() => sender.add(span(0))));
    expect(collector.spans).toHaveLength(1);
    expect(warnings).toEqual([]);
  });

  it('takes nothing any more once it is closed', async () => {
    const sender = exporter();
    await sender.close();
    sender.add(span(0));
    await sender.close();
    expect(collector.requests).toEqual([]);
  });
});
