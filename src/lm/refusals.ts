/** What endpoints have refused, kept: each part is refused once per endpoint and model, and left out from then on. */
import * as z from 'zod';
import { contentHash } from '../base/contentHash.ts';
import { askWithout } from '../wire/askWithout.ts';
import { requestParts, type RequestPart } from '../wire/requestParts.ts';
import type { Memo } from './memo.ts';
import { PartRefused } from './refusal.ts';

/** A part that an endpoint refused, and in which words. */
export interface KnownRefusal {
  readonly part: RequestPart;
  readonly said: string;
}

export interface Refusals {
  /** Of one model, in the order of `requestParts`. */
  of(model: string): Promise<readonly KnownRefusal[]>;
  learn(model: string, refusal: KnownRefusal): Promise<void>;
}

/** Asks a model without what it is refused (`wire/askWithout.ts`). @param ask rejects with PartRefused where one more is. */
export async function askModel<T>(
  refusals: Refusals,
  model: string,
  ask: (refused: ReadonlySet<RequestPart>) => Promise<T>,
): Promise<T> {
  const learning = {
    known: (await refusals.of(model)).map(({ part }) => part),
    blames: (error: unknown) => error instanceof PartRefused,
    learn: (part: RequestPart, { said }: PartRefused) => refusals.learn(model, { part, said }),
  };
  return askWithout(learning, ask);
}

export interface RefusalsRequest {
  readonly memo: Pick<Memo, 'get' | 'put'>;
  /** See `Endpoint.identity`. */
  readonly identity: string;
  /** What serves a model, and in which version, as far as that can be known: another one has refused nothing yet. */
  readonly serverOf: (model: string) => Promise<string>;
}

const keptSchema = z.object({ said: z.string(), server: z.string() });

/** Kept in the memo, beside what was found out about the endpoint's abilities. */
export class KeptRefusals implements Refusals {
  readonly #request: RefusalsRequest;
  readonly #known = new Map<string, Promise<Map<RequestPart, string>>>();
  readonly #servers = new Map<string, Promise<string>>();

  constructor(request: RefusalsRequest) {
    this.#request = request;
  }

  async of(model: string): Promise<readonly KnownRefusal[]> {
    const known = await this.#of(model);
    return requestParts.flatMap((part) => {
      const said = known.get(part);
      return said === undefined ? [] : [{ part, said }];
    });
  }

  async learn(model: string, { part, said }: KnownRefusal): Promise<void> {
    const known = await this.#of(model);
    if (known.has(part)) return;
    known.set(part, said);
    const server = await this.#serverOf(model);
    await this.#request.memo.put(this.#keyOf(model, part), { said, server });
  }

  #of(model: string): Promise<Map<RequestPart, string>> {
    const known = this.#known.get(model) ?? this.#read(model);
    this.#known.set(model, known);
    return known;
  }

  /** The server is asked what it is only where something is kept. */
  async #read(model: string): Promise<Map<RequestPart, string>> {
    const known = new Map<RequestPart, string>();
    for (const part of requestParts) {
      const kept = keptSchema.safeParse(await this.#request.memo.get(this.#keyOf(model, part))).data;
      if (kept !== undefined && kept.server === (await this.#serverOf(model))) known.set(part, kept.said);
    }
    return known;
  }

  #serverOf(model: string): Promise<string> {
    const server = this.#servers.get(model) ?? this.#request.serverOf(model);
    this.#servers.set(model, server);
    return server;
  }

  #keyOf(model: string, part: RequestPart): string {
    return contentHash(['refused', this.#request.identity, model, part]);
  }
}

/** Forgotten with the process. */
export function passingRefusals(): Refusals {
  const nothing = { get: () => Promise.resolve(undefined), put: () => Promise.resolve() };
  return new KeptRefusals({ memo: nothing, identity: '', serverOf: () => Promise.resolve('') });
}
