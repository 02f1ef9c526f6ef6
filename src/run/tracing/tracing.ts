/** Spans of work under way, from what is put into its journal. Whatever goes wrong here, the work goes on. */
import type { ResolvedProgram } from '../../config/resolved.ts';
import type { TraceRecord } from '../../engine/interfaces.ts';
import type { Attributes } from '../../otlp/span.ts';
import type { Exporter } from '../../otlp/exporter.ts';
import { RunSpans } from '../../otlp/runSpans.ts';
import type { ExampleEvent } from '../../otlp/runSpans.ts';
import type { OtlpTarget } from '../../otlp/target.ts';
import type { RunEvent } from '../../protocol.ts';
import type { MemoStore } from '../record/journal.ts';
import { version } from '../record/manifest.ts';
import { rememberedOf } from './remembered.ts';
import { settingOf } from './setting.ts';

export interface TracingOptions {
  readonly target: OtlpTarget;
  readonly config: ResolvedProgram;
  /** Names the trace. */
  readonly run: string;
  /** What the root is called: `optimize intents`. */
  readonly name: string;
  readonly steps: boolean;
  warn(message: string): void;
}

/** The SDK is loaded where it is used. */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const { Exporter: Made } = await import('../../otlp/exporter.ts');
  const { target, config, warn } = options;
  return new Tracing(options, new Made({ url: target.url, project: config.key, version, warn }));
}

export class Tracing {
  readonly #exporter: Exporter;
  readonly #spans: RunSpans;
  #told: { readonly event: ExampleEvent; readonly time: number } | null = null;
  /** Program runs whose requests are looked up. */
  #pending: Promise<unknown> = Promise.resolve();

  constructor({ target, config, run, name, steps }: TracingOptions, exporter: Exporter) {
    this.#exporter = exporter;
    const setting = settingOf(config, run, target.content);
    this.#spans = new RunSpans({ setting, name, steps, emit: (span) => exporter.add(span) });
  }

  /** Work that has no event for its beginning. */
  begin(attributes: Attributes): void {
    this.#spans.begin(Date.now(), 0, attributes);
  }

  /** What was put into the log: `seq` is its place there. */
  event(event: RunEvent, seq = 0, time = Date.now()): void {
    if (event.type === 'example') this.#told = { event, time };
    // Behind the program runs before it, which a session's end would leave out.
    this.#later(() => this.#spans.event(event, time, seq));
  }

  /** What was put into the trace store: the event before it tells of the same program run. */
  trace(record: TraceRecord, memo: Pick<MemoStore, 'get'>): void {
    const told = this.#told;
    if (told === null) return;
    const remembered = rememberedOf(memo, record.outcome);
    this.#later(async () => this.#spans.run(record, told.event, told.time, await remembered));
  }

  /** Sends what is left, within seconds: what is still looked up is waited for in the same time. */
  async close(): Promise<void> {
    this.#later(() => this.#spans.end());
    await this.#exporter.close(this.#pending);
  }

  #later(work: () => void | Promise<void>): void {
    this.#pending = this.#pending.then(work).catch(() => undefined);
  }
}
