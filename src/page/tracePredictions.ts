/** What the program gave on a row, out of the records: of few rows one by one, of all of a split in one pass. */
import * as z from 'zod';
import type { Fields } from '../base/json.ts';
import { fieldsSchema } from '../data/fields.ts';
import type { GivenOn } from './predictions.ts';
import type { RunKey } from './runDetails.ts';
import type { TraceIndex } from './traceIndex.ts';
import { visitRecords } from './traceRecords.ts';
import type { TraceSummaries } from './traceSummary.ts';

const predictionSchema = z.object({ outcome: z.object({ prediction: fieldsSchema.nullable() }) });

export interface TracePredictionsParts {
  /** Of the trace store. */
  readonly folder: string;
  readonly index: TraceIndex;
  readonly summaries: TraceSummaries;
}

export class TracePredictions {
  readonly #parts: TracePredictionsParts;

  constructor(parts: TracePredictionsParts) {
    this.#parts = parts;
  }

  /** By the latest record of the program run. */
  of(run: RunKey): ReturnType<GivenOn> {
    const trace = this.#parts.index.latest(run);
    return trace === null ? null : { trace, prediction: this.#parts.summaries.of(trace).prediction };
  }

  async all(step: string, split: 'dev' | 'test'): Promise<ReadonlyMap<number, Fields | null>> {
    const { folder, index } = this.#parts;
    const given = new Map<number, Fields | null>();
    const places = index.find({ step, purpose: split }).filter((place) => index.head(place)!.candidate === null);
    await visitRecords(folder, places, (place, line) => {
      // Later records of a row come after earlier ones.
      given.set(index.head(place)!.example, predictionIn(line));
    });
    return given;
  }
}

function predictionIn(line: Buffer): Fields | null {
  try {
    const record = predictionSchema.safeParse(JSON.parse(line.toString('utf8')));
    return record.success ? record.data.outcome.prediction : null;
  } catch {
    return null;
  }
}
