/** The program runs of one evaluation, in the folder where `evaluate --traces` keeps them: read while it is at work, and after. */
import * as l10n from '../base/l10n.ts';
import { HumanError } from '../base/errors.ts';
import type { Example } from '../data/program.ts';
import { rememberedAnswerSchema } from '../lm/languageModel.ts';
import { MemoReader } from '../lm/memoReader.ts';
import { cacheFolder } from '../run/record/runFolder.ts';
import { readTrace } from '../run/record/traceStore.ts';
import { traceRecordSchema } from '../viewProtocol/traces.ts';
import type { Remembered } from '../viewProtocol/chats.ts';
import type { TraceView } from '../viewProtocol/traces.ts';
import { rememberedAs } from './answer.ts';
import { readBounds, segmentIndexes, visitRecords } from './traceRecords.ts';
import { traceText } from './traceText.ts';

export class EvaluationTraces {
  readonly #folder: string;
  readonly #memo: MemoReader;
  readonly #places = new Map<number, number>();
  #read = 0;

  /** @param workspace the folder of `bettertogether.json`, in whose memo the answers are. */
  constructor(folder: string, workspace: string) {
    this.#folder = folder;
    this.#memo = new MemoReader(cacheFolder(workspace));
  }

  /** What was recorded since the last call. Records that this version cannot read are left out. */
  async next(): Promise<readonly TraceView[]> {
    const places = Array.from({ length: (await this.#count()) - this.#read }, (_, i) => this.#read + i);
    const records: TraceView[] = [];
    await visitRecords(this.#folder, places, (place, line) => {
      this.#read = place + 1;
      const record = recordIn(line);
      if (record === null) return;
      this.#places.set(record.example, place);
      records.push(record);
    });
    return records;
  }

  has(example: number): boolean {
    return this.#places.has(example);
  }

  /**
   * The program run on a row in words: what it was asked, what came of it, and each call with its prompts as they were sent.
   *
   * @param row `undefined`: it is not in the data any more.
   * @throws HumanError where there is no record of it.
   */
  async text(example: number, row: Example | undefined): Promise<string> {
    const place = this.#places.get(example);
    const record = traceRecordSchema.safeParse(place === undefined ? undefined : readTrace(this.#folder, place)).data;
    if (record === undefined)
      throw new HumanError(l10n.t('There is no trace of row {0}: run it once more.', example + 1));
    const keys = record.outcome.trace.flatMap(({ lm }) => lm.map(({ key }) => key));
    const answers = new Map<string, Remembered>();
    for (const key of new Set(keys)) answers.set(key, await this.#remembered(key));
    return traceText(record, row, answers);
  }

  async #remembered(key: string): Promise<Remembered> {
    return rememberedAs(key, rememberedAnswerSchema.safeParse(await this.#memo.get(key)).data ?? null);
  }

  async #count(): Promise<number> {
    let records = 0;
    for (const index of await segmentIndexes(this.#folder)) {
      records += Math.max(0, (await readBounds(index, 0)).length - 1);
    }
    return records;
  }
}

function recordIn(line: Buffer): TraceView | null {
  try {
    return traceRecordSchema.safeParse(JSON.parse(line.toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}
