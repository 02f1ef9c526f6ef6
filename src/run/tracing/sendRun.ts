/** Sends the spans of a run that is over, from its log and its trace store: those that it would have sent while at work. */
import { HumanError } from '../../base/errors.ts';
import type { TraceRecord } from '../../engine/interfaces.ts';
import { MemoReader } from '../../lm/memoReader.ts';
import { Exporter } from '../../otlp/exporter.ts';
import { RunSpans } from '../../otlp/runSpans.ts';
import type { ExampleEvent } from '../../otlp/runSpans.ts';
import type { OtlpTarget } from '../../otlp/target.ts';
import { readEvents } from '../record/eventLog.ts';
import { readOwnManifest, version } from '../record/manifest.ts';
import { cacheFolder, runFiles, workspaceAround } from '../record/runFolder.ts';
import type { RunLocation } from '../record/runFolder.ts';
import { traceRecordSchema } from '../record/traceRecord.ts';
import { readTrace } from '../record/traceStore.ts';
import { rememberedOf } from './remembered.ts';
import { settingOf } from './setting.ts';

/**
 * Resolves to the number of spans.
 *
 * @throws HumanError where not all of them were taken; UsageError for a run that this user did not make here.
 */
export async function sendRun(run: RunLocation, target: OtlpTarget): Promise<number> {
  const { asked } = await readOwnManifest(run.folder);
  const files = runFiles(run.folder);
  let sent = 0;
  const problems: string[] = [];
  const warn = (message: string) => void problems.push(message);
  const exporter = new Exporter({ url: target.url, project: asked.key, version, warn });
  const spans = new RunSpans({
    setting: settingOf(asked, run.id, target.content),
    name: `optimize ${asked.key}`,
    steps: true,
    emit: (span) => {
      sent++;
      exporter.add(span);
    },
  });
  const memo = new MemoReader(cacheFolder(workspaceAround(run.folder)));
  const records = new Records(files.traces);
  for (const event of (await readEvents(files.events)).events) {
    const time = Date.parse(event.time);
    spans.event(event, time, event.seq);
    const record = event.type === 'example' ? records.of(event) : null;
    if (record === null || event.type !== 'example') continue;
    spans.run(record, event, time, await rememberedOf(memo, record.outcome));
    await exporter.room();
    if (exporter.isFailing) break;
  }
  spans.end();
  await exporter.close();
  if (problems.length > 0) throw new HumanError(problems.join(' '));
  return sent;
}

/** Records that are looked through for that of an event: what a crash left may lack some of either. */
const aheadAtMost = 64;

/** Records in the order of the events that tell of them: an event may have none, where another candidate had the same state. */
class Records {
  readonly #folder: string;
  #next = 0;
  #isOver = false;
  readonly #ahead: TraceRecord[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  of(event: ExampleEvent): TraceRecord | null {
    this.#lookAhead();
    const place = this.#ahead.findIndex((record) => isOf(record, event));
    return place < 0 ? null : this.#ahead.splice(0, place + 1).at(-1)!;
  }

  /** A record that is damaged is passed over. */
  #lookAhead(): void {
    while (!this.#isOver && this.#ahead.length < aheadAtMost) {
      const value = readTrace(this.#folder, this.#next++);
      const { data } = traceRecordSchema.safeParse(value);
      if (data !== undefined) this.#ahead.push(data);
      this.#isOver = value === undefined;
    }
  }
}

function isOf(record: TraceRecord, { prefix, candidate, purpose, example, round }: ExampleEvent): boolean {
  return (
    record.step === prefix &&
    record.candidate === candidate &&
    record.purpose === purpose &&
    record.example === example &&
    record.round === round
  );
}
