import * as z from 'zod';

/** What a trainer said in one line of its output. */
export interface Said {
  readonly message: string;
  readonly step?: number;
  readonly steps?: number;
  readonly epoch?: number;
  readonly loss?: number;
  /** It has ended well, on so many tokens. */
  readonly trainedTokens?: number;
  /** Why it ends without an adapter. */
  readonly error?: string;
}

const number = z.coerce.number().pipe(z.number());
const lineSchema = z
  .object({
    type: z.string(),
    message: z.string(),
    step: number,
    steps: number,
    epoch: number,
    loss: number,
    trained_tokens: number,
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
  if (!text.startsWith('{"')) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = lineSchema.safeParse(value);
  if (!parsed.success) return null;
  const { type, message, trained_tokens: trainedTokens, ...said } = parsed.data;
  if (type === 'failed') return { message: said.error ?? 'failed', error: said.error ?? 'It gives no reason.' };
  if (type === 'done') return { message: 'done', ...(trainedTokens === undefined ? {} : { trainedTokens }) };
  if (type === undefined && said.loss === undefined) return null;
  const found = given(said);
  return { message: message ?? words(found), ...found };
}

/** `{'loss': '1.25', 'grad_norm': …, 'epoch': '0.5'}`: TRL, Axolotl and LLaMA-Factory, all on transformers' Trainer. */
function huggingFaceLine(text: string): Said | null {
  if (!text.startsWith("{'")) return null;
  const value = (name: string) => new RegExp(`'${name}': '?(-?[\\d.]+(?:e-?\\d+)?)'?[,}]`).exec(text)?.[1];
  const [loss, epoch] = [value('loss'), value('epoch')].map((found) =>
    found === undefined ? undefined : Number(found),
  );
  if (loss === undefined || !Number.isFinite(loss)) return null;
  const found = given({ loss, epoch });
  return { message: words(found), ...found };
}

/** `Iter 10: Train loss 2.313, Learning Rate 1e-05, …` */
function mlxLine(text: string): Said | null {
  const [, step, loss] = /^Iter (\d+): Train loss ([\d.]+)/.exec(text) ?? [];
  if (step === undefined || loss === undefined) return null;
  const found = { step: Number(step), loss: Number(loss) };
  return { message: words(found), ...found };
}

function given<T extends object>(values: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { readonly [K in keyof T]?: Exclude<T[K], undefined> };
}

function words({ step, steps, epoch, loss }: Omit<Said, 'message'>): string {
  const at =
    step === undefined
      ? epoch === undefined
        ? 'training'
        : `epoch ${epoch}`
      : `step ${step}${steps === undefined ? '' : ` of ${steps}`}`;
  return loss === undefined ? at : `${at}, loss ${Number(loss.toPrecision(4))}`;
}
