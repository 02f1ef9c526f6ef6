import { recordsOf } from '../../data/trace.ts';
import type { ProgramOutcome } from '../../data/trace.ts';
import { rememberedAnswerSchema } from '../../lm/languageModel.ts';
import type { Remembered } from '../../otlp/programRun.ts';
import type { MemoStore } from '../record/journal.ts';

/** What the memo knows of the requests of a program run, by key; none of those that it does not have. */
export async function rememberedOf(
  memo: Pick<MemoStore, 'get'>,
  outcome: ProgramOutcome,
): Promise<ReadonlyMap<string, Remembered>> {
  const keys = [...new Set(recordsOf(outcome).map(({ key }) => key))];
  const found = await Promise.all(keys.map(async (key) => [key, await read(memo, key)] as const));
  return new Map(found.filter((one): one is [string, Remembered] => one[1] !== null));
}

async function read(memo: Pick<MemoStore, 'get'>, key: string): Promise<Remembered | null> {
  const value = await memo.get(key).catch(() => undefined);
  const { data } = rememberedAnswerSchema.safeParse(value);
  return data === undefined ? null : { path: data.request.path, body: data.request.body, text: data.answer.text };
}
