/**
 * The training back ends as `"fineTune"` of an endpoint names them. A back end is a folder beside this file, a line here
 * for its settings, and one in `backEnds.ts` for what it does.
 */
import type * as z from 'zod';
import type { BackEndFacts, BackEndSettings, ServicePlace, SettingsPlace } from './base/settings.ts';
import { commandSettings } from './command/settings.ts';
import { fireworksSettings } from './fireworks/settings.ts';
import { openaiSettings } from './openai/settings.ts';
import { raySettings } from './ray/settings.ts';
import { togetherSettings } from './together/settings.ts';

export type { Hosting, Service } from './base/settings.ts';

/** Those that leave an adapter in a folder, which any endpoint that loads adapters can take. */
const ofAdapters = [commandSettings, raySettings] as const;
/** The first is what is meant where no kind is named. */
const all = [openaiSettings, togetherSettings, fireworksSettings, ...ofAdapters] as const;

type Rows = readonly BackEndSettings[];
type Schemas<Of extends Rows, Key extends 'written' | 'resolved'> = { readonly [I in keyof Of]: Of[I][Key] };

function schemasOf<const Of extends Rows, Key extends 'written' | 'resolved'>(rows: Of, key: Key): Schemas<Of, Key> {
  return rows.map((row) => row[key]) as unknown as Schemas<Of, Key>;
}

/** Members of unions by `kind`: settings as they are written, and as runs keep them. */
export const writtenTrainers = schemasOf(all, 'written');
export const writtenAdapterTrainers = schemasOf(ofAdapters, 'written');
export const resolvedTrainers = schemasOf(all, 'resolved');
export const resolvedAdapterTrainers = schemasOf(ofAdapters, 'resolved');

/** Settings of a back end as they are written. */
export type WrittenTrainer = z.infer<(typeof writtenTrainers)[number]>;
type WrittenAdapterTrainer = z.infer<(typeof writtenAdapterTrainers)[number]>;
/** Settings of a back end as runs keep them. */
export type ResolvedTrainer = z.infer<(typeof resolvedTrainers)[number]>;
export type ResolvedAdapterTrainer = z.infer<(typeof resolvedAdapterTrainers)[number]>;

/** What is known of a back end by its settings. */
export function factsOf<T extends ResolvedTrainer>({ kind }: T): BackEndFacts<T> {
  return rowOf(kind) as unknown as BackEndFacts<T>;
}

/** @throws UsageError naming the setting. */
export function resolveTrainer(written: WrittenTrainer, place: ServicePlace): ResolvedTrainer {
  return rowOf(written.kind ?? all[0].kind).resolve(written, place) as ResolvedTrainer;
}

/** The same, for back ends that leave adapters only. */
export function resolveAdapterTrainer(written: WrittenAdapterTrainer, place: SettingsPlace): ResolvedAdapterTrainer {
  return rowOf(written.kind).resolve(written, place) as ResolvedAdapterTrainer;
}

/** The schemas have let no other kind in. */
function rowOf(kind: ResolvedTrainer['kind']): BackEndSettings {
  const rows: Rows = all;
  return rows.find((row) => row.kind === kind)!;
}
