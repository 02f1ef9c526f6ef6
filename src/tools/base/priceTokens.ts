/** Prices that were told, each good once, for a while, and for just what it was told for. */
import { randomBytes } from 'node:crypto';
import { UsageError } from '../../base/errors.ts';

/** What a price was told for, and what it was. */
export interface ToldPrice {
  readonly tool: string;
  readonly program: string;
  /** A hash of all that decides it: folder, program and its source, strategy, rows, endpoint, the state that is begun with. */
  readonly bound: string;
  /** The files that the program was loaded from, absolute. */
  readonly sources: readonly string[];
  /** In a line, in the language of whoever reads it: the model, or the person who is asked. */
  text(): string;
}

interface Kept extends ToldPrice {
  readonly until: number;
}

export const priceMinutes = 30;
/** An agent that asks for prices without end pushes its own oldest ones out. */
const keptAtMost = 200;

export class PriceTokens {
  readonly #prices = new Map<string, Kept>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  tell(price: ToldPrice): { readonly token: string; readonly until: Date } {
    const token = `price-${randomBytes(12).toString('hex')}`;
    const until = this.#now() + priceMinutes * 60_000;
    this.#prices.set(token, { ...price, until });
    for (const old of [...this.#prices.keys()].slice(0, -keptAtMost)) this.#prices.delete(old);
    return { token, until: new Date(until) };
  }

  /**
   * The price behind a token, which stays good.
   *
   * @throws UsageError saying why it is none, and what gets one.
   */
  look(token: string, tool: string): ToldPrice {
    const price = this.#prices.get(token);
    if (price === undefined) {
      throw new UsageError(
        `"price_token" is not one that this server told, or it was used: each is good for one start. ${again}`,
      );
    }
    if (price.until < this.#now()) {
      this.#prices.delete(token);
      throw new UsageError(`"price_token" is older than ${priceMinutes} minutes and has expired. ${again}`);
    }
    if (price.tool === tool) return price;
    throw new UsageError(`"price_token" is the price of ${price.tool}, not of ${tool}. ${again}`);
  }

  /**
   * Uses a token up, for just what it was told for.
   *
   * @throws UsageError as `look`, or where something is otherwise than when the price was told.
   */
  use(token: string, tool: string, bound: string): ToldPrice {
    const price = this.look(token, tool);
    if (price.bound !== bound) {
      throw new UsageError(
        '"price_token" was told for something else: the program, its source, the strategy, the rows, the endpoint or another ' +
          `setting is not what it was then. ${again}`,
      );
    }
    this.#prices.delete(token);
    return price;
  }
}

const again =
  'Call bettertogether_get_price with the arguments that you want to start with, and take the token it gives.';
