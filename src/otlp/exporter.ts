/** Spans on their way to a collector, by OpenTelemetry's own SDK. It holds nothing up, and breaks nothing. */
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { HrTime, SpanContext } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import { messageOf } from '../base/errors.ts';
import { shown } from '../base/keys.ts';
import type { Attributes, Span } from './span.ts';

export interface ExporterOptions {
  readonly url: string;
  readonly version: string;
  /** The project that Phoenix files the traces under. */
  readonly project: string;
  /** Something a person should know, once each. */
  warn(message: string): void;
  readonly limits?: Partial<ExporterLimits>;
}

export interface ExporterLimits {
  /** Spans, and characters in them, that wait or are being sent; what comes beyond is dropped. */
  readonly spans: number;
  readonly characters: number;
  /** Milliseconds of one request with its retries. */
  readonly requestMs: number;
  /** Milliseconds that the end waits for what is left, and where the last request failed. */
  readonly closeMs: number;
  readonly closeFailingMs: number;
}

const usualLimits: ExporterLimits = {
  spans: 20_000,
  characters: 32 * 1024 * 1024,
  requestMs: 10_000,
  closeMs: 5000,
  closeFailingMs: 1000,
};

const batch = 512;
/** Milliseconds between batches while fewer spans than a batch wait. */
const batchMs = 1000;

export class Exporter {
  readonly #options: ExporterOptions;
  readonly #limits: ExporterLimits;
  readonly #processor: BatchSpanProcessor;
  /** One object each: the SDK groups spans by them. */
  readonly #origin: Pick<ReadableSpan, 'resource' | 'instrumentationScope'>;
  #waiting = 0;
  #characters = 0;
  #taken = 0;
  #sent = 0;
  #failing = false;
  #warned = false;
  #closing = false;
  #closed = false;

  /** Every setting that the SDK would otherwise take from the environment is given here, but for headers and certificates. */
  constructor(options: ExporterOptions) {
    this.#options = options;
    this.#limits = { ...usualLimits, ...options.limits };
    const { requestMs, spans } = this.#limits;
    const exporter = new OTLPTraceExporter({
      url: options.url,
      timeoutMillis: requestMs,
      // At the end all that waits is sent at once.
      concurrencyLimit: Math.ceil(spans / batch) + 1,
    });
    this.#processor = new BatchSpanProcessor(this.#counting(exporter), {
      maxQueueSize: spans,
      maxExportBatchSize: batch,
      scheduledDelayMillis: batchMs,
      exportTimeoutMillis: requestMs + 1000,
    });
    const { version, project } = options;
    this.#origin = {
      resource: resourceFromAttributes({
        [ATTR_SERVICE_NAME]: 'bettertogether',
        [ATTR_SERVICE_VERSION]: version,
        'openinference.project.name': project,
      }),
      instrumentationScope: { name: 'bettertogether', version },
    };
  }

  add(span: Span): void {
    this.#taken++;
    const characters = charactersOf(span.attributes);
    const isFull = this.#waiting >= this.#limits.spans || this.#characters + characters > this.#limits.characters;
    if (isFull || this.#closed) return;
    this.#waiting++;
    this.#characters += characters;
    this.#processor.onEnd(readable(span, this.#origin));
  }

  /**
   * Sends what is left, as far as the time goes, and says what was not sent. Never rejects.
   *
   * @param last what still adds spans. It has half of the time: what it leaves is for what waits already.
   */
  async close(last: Promise<unknown> = Promise.resolve()): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const { closeMs, closeFailingMs } = this.#limits;
    const all = this.#failing ? closeFailingMs : closeMs;
    const until = performance.now() + all;
    const isWhole = await within(last, all / 2);
    this.#closed = true;
    await within(this.#processor.shutdown(), until - performance.now());
    const lost = this.#taken - this.#sent;
    if (lost > 0) this.#options.warn(`${lost} of ${this.#taken} spans were not sent to ${this.#host}.`);
    if (!isWhole) this.#options.warn(`Spans of what ended last were not made in time, and not sent to ${this.#host}.`);
  }

  /** Waits until most of what waits is sent, so that nothing has to be dropped. */
  async room(): Promise<void> {
    if (this.#waiting < this.#limits.spans / 2 && this.#characters < this.#limits.characters / 2) return;
    await within(this.#processor.forceFlush(), this.#limits.requestMs);
  }

  /** The last request failed. */
  get isFailing(): boolean {
    return this.#failing;
  }

  get #host(): string {
    return new URL(this.#options.url).host;
  }

  /** The SDK says nowhere what became of a batch. */
  #counting(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans, done) => {
        const characters = spans.reduce((sum, span) => sum + charactersOf(span.attributes), 0);
        exporter.export(spans, (result) => {
          this.#waiting -= spans.length;
          this.#characters -= characters;
          this.#failing = result.code !== 0;
          if (this.#failing) this.#fail(result.error);
          else this.#sent += spans.length;
          done(result);
        });
      },
      forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
      shutdown: () => exporter.shutdown(),
    };
  }

  #fail(error: Error | undefined): void {
    if (this.#warned) return;
    this.#warned = true;
    const why = error === undefined ? '' : `: ${shown(reasonOf(error))}`;
    this.#options.warn(`Spans could not be sent to ${this.#host}${why}. The work goes on without them.`);
  }
}

/** Waits for it, however it ends, and no longer than that. Resolves to whether it ended. */
async function within(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const ended = await Promise.race([
    work.then(
      () => true,
      () => true,
    ),
    limit,
  ]);
  clearTimeout(timer);
  return ended;
}

/** Where a name has several addresses, each attempt has an error of its own. */
function reasonOf(error: Error): string {
  if (!(error instanceof AggregateError) || error.message !== '') return messageOf(error);
  return error.errors.map(messageOf).join(', ');
}

function charactersOf(attributes: Readonly<Record<string, unknown>>): number {
  let sum = 0;
  for (const value of Object.values(attributes)) if (typeof value === 'string') sum += value.length;
  return sum;
}

function readable(span: Span, origin: Pick<ReadableSpan, 'resource' | 'instrumentationScope'>): ReadableSpan {
  const { id, parent, trace, name, kind, start, end, events, failed } = span;
  return {
    name,
    kind: kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL,
    spanContext: () => contextOf(trace, id),
    ...(parent === null ? {} : { parentSpanContext: contextOf(trace, parent) }),
    startTime: timeOf(start),
    endTime: timeOf(end),
    duration: timeOf(Math.max(0, end - start)),
    status: { code: failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: ofSdk(span.attributes),
    events: events.map((event) => ({ ...event, time: timeOf(event.time), attributes: ofSdk(event.attributes) })),
    links: [],
    ended: true,
    ...origin,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

const contextOf = (traceId: string, spanId: string): SpanContext => ({
  traceId,
  spanId,
  traceFlags: TraceFlags.SAMPLED,
});

function timeOf(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}

/** Their lists are not read-only. */
function ofSdk(attributes: Attributes): Record<string, string | number | boolean | string[]> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, typeof value === 'object' ? [...value] : value]),
  );
}
