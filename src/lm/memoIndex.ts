import { HumanError } from '../base/errors.ts';

/** Where an entry's line lies. */
export interface Place {
  /** From 1. */
  readonly segment: number;
  /** Byte of the line's first character. */
  readonly offset: number;
  /** Bytes of the JSON. */
  readonly length: number;
}

const free = 0;
const forgotten = 0xffff;

/**
 * Hash table from keys to places in typed arrays: 20 bytes a slot, at least 53 % of them in use once it has grown, so
 * at most 38 bytes an entry. Holds the first 64 bits of each key; readers of the line compare the rest.
 */
export class MemoIndex {
  #capacity = 1024;
  #slots = allocate(this.#capacity);
  #used = 0;
  #entries = 0;

  get entries(): number {
    return this.#entries;
  }

  get bytes(): number {
    return this.#capacity * 20;
  }

  /** The slots of entries whose key may be `key`: nearly always none or one. */
  *candidates(key: string): Generator<number> {
    const [high, low] = halves(key);
    const { highs, lows, segments } = this.#slots;
    for (let slot = this.#home(high, low); segments[slot] !== free; slot = (slot + 1) % this.#capacity) {
      if (highs[slot] === high && lows[slot] === low && segments[slot] !== forgotten) yield slot;
    }
  }

  place(slot: number): Place {
    const { segments, offsetHighs, offsetLows, lengths } = this.#slots;
    return {
      segment: segments[slot]!,
      offset: offsetHighs[slot]! * 2 ** 32 + offsetLows[slot]!,
      length: lengths[slot]!,
    };
  }

  add(key: string, place: Place): void {
    if (this.#used + 1 > this.#capacity * 0.8) this.#grow();
    const [high, low] = halves(key);
    const { highs, lows, segments } = this.#slots;
    let slot = this.#home(high, low);
    while (segments[slot] !== free) slot = (slot + 1) % this.#capacity;
    highs[slot] = high;
    lows[slot] = low;
    this.move(slot, place);
    this.#used++;
    this.#entries++;
  }

  /** Lets the entry in `slot` lie elsewhere. */
  move(slot: number, place: Place): void {
    const { segments, offsetHighs, offsetLows, lengths } = this.#slots;
    segments[slot] = place.segment;
    offsetHighs[slot] = Math.floor(place.offset / 2 ** 32);
    offsetLows[slot] = place.offset % 2 ** 32;
    lengths[slot] = place.length;
  }

  /** The line in `slot` is not sound any more. */
  forget(slot: number): void {
    this.#slots.segments[slot] = forgotten;
    this.#entries--;
  }

  #home(high: number, low: number): number {
    // Keys are hashes: their bits are as good as any.
    return (high * 2 ** 20 + (low >>> 12)) % this.#capacity;
  }

  #grow(): void {
    const old = this.#slots;
    const oldCapacity = this.#capacity;
    this.#capacity = Math.ceil(oldCapacity * 1.5);
    this.#slots = allocate(this.#capacity);
    this.#used = this.#entries;
    for (let from = 0; from < oldCapacity; from++) {
      if (old.segments[from] === free || old.segments[from] === forgotten) continue;
      const { highs, lows, segments, offsetHighs, offsetLows, lengths } = this.#slots;
      let slot = this.#home(old.highs[from]!, old.lows[from]!);
      while (segments[slot] !== free) slot = (slot + 1) % this.#capacity;
      highs[slot] = old.highs[from]!;
      lows[slot] = old.lows[from]!;
      segments[slot] = old.segments[from]!;
      offsetHighs[slot] = old.offsetHighs[from]!;
      offsetLows[slot] = old.offsetLows[from]!;
      lengths[slot] = old.lengths[from]!;
    }
  }
}

/** @throws HumanError when there are more segments than the index can name. */
export function checkSegmentNumber(segment: number, folder: string): void {
  if (segment < forgotten) return;
  throw new HumanError(`The memo in ${folder} has too many segments. Run \`bettertogether prune\`.`);
}

function halves(key: string): readonly [number, number] {
  return [parseInt(key.slice(0, 8), 16), parseInt(key.slice(8, 16), 16)];
}

function allocate(capacity: number) {
  return {
    highs: new Uint32Array(capacity),
    lows: new Uint32Array(capacity),
    segments: new Uint16Array(capacity),
    offsetHighs: new Uint16Array(capacity),
    offsetLows: new Uint32Array(capacity),
    lengths: new Uint32Array(capacity),
  };
}
