/**
 * What a compile that has no result yet paid for, answer by answer. The memo makes that free for one that asks for it
 * again; whether it does, only the optimizer's code decides, and this is what shows that it did not.
 */
import { contentHash } from '../../../base/contentHash.ts';
import type { LmAnswer } from '../../../data/lm.ts';
import type { Journal } from '../../interfaces.ts';

export class PaidAnswers {
  readonly #journal: Pick<Journal, 'remember'>;
  readonly #step: string;
  /** Memo keys of answers that earlier tries paid for. */
  readonly #earlier: ReadonlySet<string>;
  readonly #asked = new Set<string>();
  readonly #writes: Promise<void>[] = [];
  #paid = 0;

  private constructor(journal: Pick<Journal, 'remember'>, step: string, earlier: ReadonlySet<string>) {
    this.#journal = journal;
    this.#step = step;
    this.#earlier = earlier;
  }

  /** @param step content hash of all that decides the compile. */
  static async open(journal: Pick<Journal, 'recall' | 'remember'>, step: string): Promise<PaidAnswers> {
    const earlier = new Set<string>();
    for (;;) {
      const key = await journal.recall(entry(step, earlier.size));
      if (typeof key !== 'string' || earlier.has(key)) return new PaidAnswers(journal, step, earlier);
      earlier.add(key);
    }
  }

  /** Resolves when it is kept, which no caller need wait for. */
  note({ key, cached }: LmAnswer): Promise<void> {
    const isNew = !this.#asked.has(key) && !this.#earlier.has(key);
    this.#asked.add(key);
    if (!isNew || cached) return Promise.resolve();
    const write = this.#journal.remember(entry(this.#step, this.#earlier.size + this.#paid++), key);
    this.#writes.push(write);
    return write;
  }

  /** Waits for all that is being written; never rejects. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writes);
  }

  /** Of a compile that is through: how it went another way than those before it; `null`: it did not, it went on. */
  astray(): { readonly paid: number; readonly unneeded: number } | null {
    const unneeded = [...this.#earlier].filter((key) => !this.#asked.has(key)).length;
    return unneeded === 0 || this.#paid === 0 ? null : { paid: this.#paid, unneeded };
  }
}

function entry(step: string, place: number): string {
  return contentHash(['paid by a compile', step, place]);
}
