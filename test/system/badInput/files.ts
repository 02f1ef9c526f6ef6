/** Damaged files: the configuration, data sets, event logs, memo segments. Each returns how often it was refused. */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { mutateBytes, mutateValue } from '../../fakes/mutate.ts';
import { wholeRun } from '../../unit/run/samples.ts';
import { loadDataset } from '../../../src/config/dataset.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { resolveProgram } from '../../../src/config/resolve.ts';
import { resolvedProgramSchema } from '../../../src/config/resolved.ts';
import { isExact } from '../../../src/base/exact.ts';
import type { JsonValue } from '../../../src/base/json.ts';
import { PythonRandom } from '../../../src/engine/pythonRandom.ts';
import { openMemo } from '../../../src/lm/memo.ts';
import { EventLog, readEvents } from '../../../src/run/record/eventLog.ts';
import { foldLog } from '../../../src/run/reading/summary.ts';
import { isUsage, read } from './check.ts';

export interface Cases {
  readonly seed: number;
  readonly count: number;
}

function temporary<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'bettertogether-bad-'));
  return body(folder).finally(() => rmSync(folder, { recursive: true }));
}

const config = {
  programs: {
    iris: {
      program: 'program.ts#Iris',
      metric: 'exactMatch:answer',
      train: 'train.jsonl',
      dev: 'train.jsonl',
      inputs: ['question'],
      endpoint: 'lab',
      model: 'base',
      strategy: 'p -> w',
      p: { candidates: 4, train: 2, validation: 2 },
      w: { epochs: 2, lora: { rank: 8, targets: ['q_proj'] } },
      sampling: { temperature: 0.1, maxTokens: 100 },
      budget: { calls: 100, usd: 2 },
    },
  },
  endpoints: {
    lab: {
      kind: 'openai',
      baseURL: 'http://gpu-box:8000/v1',
      apiKeyEnv: 'LAB_KEY',
      prices: { '*': { input: 0.2, output: 0.6, training: 3 } },
    },
  },
};

/** `bettertogether.json`: what is taken is what stands there, to the last key; everything else is refused by file. */
export function damagedConfigurations({ seed, count }: Cases): Promise<number> {
  return temporary(async (folder) => {
    const random = new PythonRandom(seed);
    const file = join(folder, 'bettertogether.json');
    writeFileSync(join(folder, 'program.ts'), '');
    writeFileSync(join(folder, 'train.jsonl'), '{"question": "q", "answer": "a"}\n');
    let refused = 0;
    for (let i = 0; i < count; i++) {
      const where = `configuration, seed ${seed}, case ${i}`;
      const whole = Buffer.from(JSON.stringify(config, null, 2));
      const bytes =
        i % 2 === 0 ? mutateBytes(whole, random) : Buffer.from(JSON.stringify(mutateValue(config, random)) ?? '');
      writeFileSync(file, bytes);
      const outcome = await read(where, async () => {
        const loaded = await loadConfig(folder);
        const keys = Object.keys(loaded.config.programs ?? {});
        const resolved = await resolveProgram(loaded, keys[0] ?? 'iris', {}, folder);
        return { config: loaded.config, resolved };
      });
      if ('error' in outcome) {
        refused++;
        expect(outcome.error.exit, `${where}: ${outcome.error.message}`).toBe(2);
        continue;
      }
      resolvedProgramSchema.parse(outcome.value.resolved);
      expect(outcome.value.config, where).toEqual(asJson(bytes.toString('utf8')) ?? outcome.value.config);
    }
    return refused;
  });
}

/** `undefined`: not strict JSON (comments and trailing commas are allowed in the file). */
function asJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch {
    return undefined;
  }
}

/** Data sets: a row that is taken is what its line says; what is not is refused by file and line. */
export function damagedDataSets({ seed, count }: Cases): Promise<number> {
  return temporary(async (folder) => {
    const random = new PythonRandom(seed);
    const rows = Array.from({ length: 8 }, (_, i) => ({ question: `Frage ${i}, größer?`, answer: `a"${i}"`, n: i }));
    const texts = {
      jsonl: rows.map((row) => JSON.stringify(row)).join('\n'),
      json: JSON.stringify(rows, null, 1),
      csv: `question,answer,n\n${rows.map(({ question, n }) => `"${question}","a ""${n}""",${n}`).join('\n')}\n`,
    };
    const metric = { kind: 'builtin', name: 'exactMatch', field: 'answer' } as const;
    let refused = 0;
    for (let i = 0; i < count; i++) {
      const kind = (['jsonl', 'json', 'csv'] as const)[i % 3]!;
      const where = `data set .${kind}, seed ${seed}, case ${i}`;
      const file = join(folder, `rows.${kind}`);
      const bytes =
        kind !== 'csv' && random.randint(0, 1) === 0
          ? Buffer.from(damagedRows(kind, rows, random))
          : mutateBytes(Buffer.from(texts[kind]), random);
      writeFileSync(file, bytes);
      const outcome = await read(where, () => loadDataset(file, ['question'], metric));
      if ('error' in outcome) {
        refused++;
        expect(isUsage(outcome.error, file), `${where}: ${outcome.error.message}`).toBe(true);
        continue;
      }
      const { examples } = outcome.value;
      // Text that is not UTF-8 cannot be what its writer meant.
      expect(Buffer.from(bytes.toString('utf8')).equals(bytes), `${where}: garbled text was taken`).toBe(true);
      for (const { inputs, fields } of examples) {
        expect([Object.hasOwn(inputs, 'question'), Object.hasOwn(fields, 'answer')], where).toEqual([true, true]);
      }
      if (kind === 'csv') continue;
      const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
      const lines = text.split('\n').filter((line) => line.trim() !== '');
      const said = kind === 'json' ? JSON.parse(text) : lines.map((line) => JSON.parse(line) as unknown);
      expect(
        examples.map(({ fields }) => asParsed(fields)),
        where,
      ).toEqual(said);
    }
    return refused;
  });
}

/** Numbers as `JSON.parse` gives them, where they are kept without loss. */
function asParsed(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => asParsed(item));
  if (isExact(value) && ['int', 'float'].includes(value.$exact)) return Number(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asParsed(item)]));
}

function damagedRows(kind: 'jsonl' | 'json', rows: readonly object[], random: PythonRandom): string {
  const damaged = mutateValue(rows, random);
  if (kind === 'json' || !Array.isArray(damaged)) return JSON.stringify(damaged) ?? '';
  return damaged.map((row) => JSON.stringify(row) ?? '').join('\n');
}

/** Event logs: lines that are whole are read as they are; a damaged one is named; a writer goes on behind it or says no. */
export function damagedEventLogs({ seed, count }: Cases): Promise<number> {
  return temporary(async (folder) => {
    const random = new PythonRandom(seed);
    const sound = join(folder, 'sound.jsonl');
    const log = new EventLog(sound, () => new Date(0));
    for (const event of wholeRun) log.append(event);
    log.close();
    const whole = readFileSync(sound);
    const lines = new Set(whole.toString('utf8').split('\n'));
    let refused = 0;
    for (let i = 0; i < count; i++) {
      const where = `event log, seed ${seed}, case ${i}`;
      const file = join(folder, 'events.jsonl');
      const bytes = mutateBytes(whole, random);
      writeFileSync(file, bytes);
      const outcome = await read(where, async () => {
        const { events, next } = await readEvents(file);
        foldLog(events, file);
        return { events, next };
      });
      if ('error' in outcome) {
        refused++;
        expect(outcome.error.message, where).toContain(file);
      } else {
        // Every line that was left alone is told as it was written.
        const text = bytes.subarray(0, outcome.value.next).toString('utf8');
        const kept = text.split('\n').filter((line) => line !== '' && lines.has(line));
        const told = outcome.value.events;
        const isTold = (line: string) => told.some((event) => isDeepStrictEqual(event, JSON.parse(line)));
        expect(
          kept.filter((line) => !isTold(line)),
          where,
        ).toEqual([]);
      }
      const opened = await read(where, () => new EventLog(file, () => new Date(0)));
      if ('error' in opened) expect(opened.error.message, where).toContain(file);
      else opened.value.close();
    }
    return refused;
  });
}

/** Memo segments: every entry is what was put, or not there. Never another's, never a part. */
export function damagedMemos({ seed, count }: Cases): Promise<number> {
  return temporary(async (folder) => {
    const random = new PythonRandom(seed);
    const entries = new Map<string, JsonValue>();
    const origin = join(folder, 'origin');
    const memo = await openMemo(origin);
    for (let i = 0; i < 12; i++) {
      const key = createHash('sha256').update(`entry ${i}`).digest('hex');
      entries.set(key, { answer: `text ${i}`.repeat(i + 1), n: i });
      await memo.put(key, entries.get(key)!);
    }
    await memo.close();
    const name = readdirSync(origin)[0]!;
    const whole = readFileSync(join(origin, name));
    let lost = 0;
    for (let i = 0; i < count; i++) {
      const where = `memo, seed ${seed}, case ${i}`;
      const damaged = join(folder, `case-${i}`);
      mkdirSync(damaged);
      writeFileSync(join(damaged, name), mutateBytes(whole, random));
      // A second, sound segment beside it must not suffer.
      const besides = createHash('sha256').update('besides').digest('hex');
      const found = await read(where, async () => {
        const opened = await openMemo(damaged);
        const values = await Promise.all([...entries.keys()].map((key) => opened.get(key)));
        await opened.put(besides, i);
        await opened.close();
        const again = await openMemo(damaged);
        const kept = await again.get(besides);
        await again.close();
        return { values, kept };
      });
      if ('error' in found) throw new Error(where, { cause: found.error });
      const { values, kept } = found.value;
      expect(kept, where).toBe(i);
      const missing = values.filter((value) => value === undefined).length;
      lost += missing > 0 ? 1 : 0;
      for (const [place, value] of [...entries.values()].entries()) {
        if (values[place] !== undefined) expect(values[place], where).toEqual(value);
      }
      rmSync(damaged, { recursive: true });
    }
    // The original was never opened for writing again.
    copyFileSync(join(origin, name), join(folder, 'untouched'));
    expect(readFileSync(join(folder, 'untouched')).equals(whole)).toBe(true);
    return lost;
  });
}
