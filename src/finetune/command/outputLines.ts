import * as z from 'zod';
import { trainedTokensSchema } from '../../base/counts.ts';
import { nestsDeeper } from '../../base/nesting.ts';
import { messageIn, metricsIn, progressIn, progressWords } from '../base/progress.ts';
import type { Progress } from '../base/progress.ts';

/** What a trainer said in one line of its output. */
export interface Said extends Progress {
  readonly message: string;
  /** It has ended well, on so many tokens. */
  readonly trainedTokens?: number;
  /** Why it ends without an adapter. */
  readonly error?: string;
}

const lineSchema = z
  .object({
    type: z.string(),
    message: z.string(),
    step: z.unknown(),
    steps: z.unknown(),
    epoch: z.unknown(),
    loss: z.unknown(),
    metrics: z.unknown(),
    trained_tokens: z.coerce.number().pipe(trainedTokensSchema).optional().catch(undefined),
    error: z.string(),
  })
  .partial();

/**
 * A line of our own kind (a JSON object with `type`), or one as trainers of the Hugging Face family and mlx-lm print
 * their loss; `null` for any other.
 */
export function readLine(line: string): Said | null {
  const text = line.trim();
  return ourLine(text) ?? huggingFaceLine(text) ?? mlxLine(text);
}

function ourLine(text: string): Said | null {
  if (!text.startsWith('{"') || nestsDeeper(text)) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = lineSchema.safeParse(value);
  if (!parsed.success) return null;
  const { type, message, trained_tokens: trainedTokens, error, step, steps, epoch, loss, metrics } = parsed.data;
  if (type === 'failed')
    return { message: messageIn(error ?? 'failed'), error: messageIn(error ?? 'It gives no reason.') };
  if (type === 'done') return { message: 'done', ...(trainedTokens === undefined ? {} : { trainedTokens }) };
  if (type === undefined && loss === undefined) return null;
  const progress = progressIn({ step, steps, epoch, loss });
  return {
    message: messageIn(message ?? progressWords(progress, 'training')),
    ...progress,
    ...metricsIn(metrics),
    ...(error === undefined ? {} : { error: messageIn(error) }),
  };
}

/** `{'loss': '1.25', 'grad_norm': …, 'epoch': '0.5'}`: TRL, Axolotl and LLaMA-Factory, all on transformers' Trainer. */
function huggingFaceLine(text: string): Said | null {
  if (!text.startsWith("{'")) return null;
  const value = (name: string) => new RegExp(`'${name}': '?(-?[\\d.]+(?:e-?\\d+)?)'?[,}]`).exec(text)?.[1];
  const progress = progressIn({ step: undefined, steps: undefined, epoch: value('epoch'), loss: value('loss') });
  return progress.loss === undefined ? null : { message: progressWords(progress, 'training'), ...progress };
}

/** `Iter 10: Train loss 2.313, Learning Rate 1e-05, …` */
function mlxLine(text: string): Said | null {
  const [, step, loss] = /^Iter (\d+): Train loss ([\d.]+)/.exec(text) ?? [];
  const progress = progressIn({ step, steps: undefined, epoch: undefined, loss });
  if (progress.step === undefined || progress.loss === undefined) return null;
  return { message: progressWords(progress, 'training'), ...progress };
}
