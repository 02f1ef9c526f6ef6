import type * as vscode from 'vscode';
import * as z from 'zod';
import type { Evaluation } from '../../editor/items/scores.ts';

const key = 'evaluations';
const evaluationSchema = z.object({
  score: z.number(),
  low: z.number(),
  high: z.number(),
  n: z.number(),
  split: z.enum(['dev', 'test', 'train']),
  time: z.string(),
  source: z.string(),
}) satisfies z.ZodType<Evaluation>;

/** The latest measurement of each program as it is written; the rows' answers themselves are in the memo. */
export class Evaluations {
  readonly #state: vscode.Memento;

  constructor(state: vscode.Memento) {
    this.#state = state;
  }

  of(programId: string): Evaluation | null {
    const parsed = evaluationSchema.safeParse(this.#all()[programId]);
    return parsed.success ? parsed.data : null;
  }

  async remember(programId: string, evaluation: Evaluation): Promise<void> {
    await this.#state.update(key, { ...this.#all(), [programId]: evaluation });
  }

  #all(): Readonly<Record<string, unknown>> {
    return this.#state.get<Readonly<Record<string, unknown>>>(key, {});
  }
}
