/** Where the settings of a program's steps can name an LM of their own, and what is written there. Pure. */
import * as z from 'zod';
import type { ResolvedProgram } from '../../config/resolved.ts';
import type { ProgramEntry } from '../../config/schema.ts';
import { settingsKey } from '../../data/strategy.ts';
import { optimizers } from '../../engine/optimizers/all.ts';
import type { ConfigChange } from './editConfig.ts';

export interface LmPlace {
  /** `mipro`, `long` */
  readonly step: string;
  readonly kind: string;
  /** The key of the step's settings: `proposer`, `teacher`. */
  readonly setting: string;
  /** What it is for, as the settings describe it. */
  readonly about: string;
}

/** Those of the steps that the strategy names, in its order. */
export function lmPlaces({ strategy, steps }: Pick<ResolvedProgram, 'strategy' | 'steps'>): readonly LmPlace[] {
  return [...new Set(strategy)].flatMap((step) => {
    const kind = steps[step]?.kind;
    const written = kind === undefined ? undefined : optimizers.find(kind)?.written;
    if (kind === undefined || written === undefined) return [];
    return Object.entries(written.shape).flatMap(([setting, schema]) =>
      namesLm(schema) ? [{ step, kind, setting, about: (schema as z.ZodType).description ?? '' }] : [],
    );
  });
}

/** An object with a model and its endpoint, however it is wrapped. */
function namesLm(schema: unknown): boolean {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return namesLm(schema.unwrap());
  return schema instanceof z.ZodObject && 'model' in schema.shape && 'endpoint' in schema.shape;
}

/** @param entry the program's, as it is written; what it says of the LM besides stays. */
export function namingChanges(
  program: string,
  { step, kind, setting }: LmPlace,
  entry: ProgramEntry | undefined,
  lm: { readonly model: string; readonly endpoint: string },
): readonly ConfigChange[] {
  const place = ['programs', program, ...settingsKey(step).split('.')];
  const isNew = place.length > 3 && entry?.steps?.[step] === undefined;
  return [
    ...(isNew ? [{ path: [...place, 'kind'], value: kind }] : []),
    { path: [...place, setting, 'model'], value: lm.model },
    { path: [...place, setting, 'endpoint'], value: lm.endpoint },
  ];
}
