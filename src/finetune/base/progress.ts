/** What training services and commands say of a job's progress, as far as it can be true. */
import * as z from 'zod';
import { amountSchema, countSchema, lossSchema, metricsAmong } from '../../base/counts.ts';
import { shown } from '../../base/keys.ts';
import { shownCharactersAtMost } from '../../base/limits.ts';

/** Services give numbers as text, too. */
const numeric = z.preprocess(
  (value) => (typeof value === 'string' && value !== '' ? Number(value) : value),
  z.unknown(),
);
const reported = <T extends z.ZodType>(schema: T) => numeric.pipe(schema.optional()).catch(undefined);

/** Numbers of one event; those that cannot be are left out. */
const progressSchema = z.object({
  step: reported(countSchema),
  steps: reported(countSchema),
  epoch: reported(amountSchema),
  loss: reported(lossSchema),
});

export interface Progress {
  readonly step?: number;
  readonly steps?: number;
  readonly epoch?: number;
  readonly loss?: number;
}

/** The numbers among `values` that a job's progress can have. */
export function progressIn(values: Readonly<Record<keyof Progress, unknown>>): Progress {
  const { step, steps, epoch, loss } = progressSchema.parse(values);
  return {
    ...(step === undefined ? {} : { step }),
    ...(steps === undefined ? {} : { steps }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(loss === undefined ? {} : { loss }),
  };
}

/** What a job reports beside its loss; nothing where that is no record of numbers. */
export function metricsIn(reported: unknown): { readonly metrics?: Readonly<Record<string, number>> } {
  const metrics = metricsAmong(reported);
  return Object.keys(metrics).length === 0 ? {} : { metrics };
}

/** `step 3 of 90, loss 0.41`; `otherwise` where there is neither step nor epoch. */
export function progressWords({ step, steps, epoch, loss }: Progress, otherwise: string): string {
  const at =
    step === undefined
      ? epoch === undefined
        ? otherwise
        : `epoch ${epoch}`
      : `step ${step}${steps === undefined ? '' : ` of ${steps}`}`;
  return loss === undefined ? at : `${at}, loss ${Number(loss.toPrecision(4))}`;
}

/** A message of a service, of any length, fit to be kept. */
export const messageIn = (text: string): string => shown(text, shownCharactersAtMost);
