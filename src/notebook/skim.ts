/** A notebook's file without what its cells put out, which may be a thousand times as much as what is written in it. */

/**
 * Keys whose values are left out: `outputs` of cells, pictures that were pasted into text (`attachments`), and the state
 * of widgets, which Colab keeps beside the cells.
 */
const dropped: ReadonlySet<string> = new Set(['outputs', 'attachments', 'widgets']);
const longestKey = Math.max(...[...dropped].map((key) => key.length));

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const comma = 0x2c;
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
const leftOut = Buffer.from('null');

/**
 * Reads the bytes of a notebook in pieces of any size, and keeps those that are not a value of a `dropped` key. What
 * comes out is JSON where what went in is, and broken where its brackets and strings were.
 */
export class NotebookSkim {
  readonly #most: number;
  readonly #kept: Buffer[] = [];
  #length = 0;
  #inString = false;
  /** Backslashes in a row at the end of the last piece, inside of a string. */
  #backslashes = 0;
  /** The string that is being read or was read last, as far as it may be a key. */
  #word = '';
  /** Brackets that are open in the value that is left out; `null`: what is read is kept. */
  #depth: number | null = null;

  /** @param most bytes that are kept: a notebook with more in it is not read further. */
  constructor(most: number) {
    this.#most = most;
  }

  /** More is written in it than is kept: what was kept is not all. */
  get isFull(): boolean {
    return this.#length > this.#most;
  }

  /** @param bytes may be written over afterwards. */
  push(bytes: Buffer): void {
    if (this.isFull) return;
    let from = this.#depth === null ? 0 : bytes.length;
    for (let i = 0; i < bytes.length && !this.isFull; i++) {
      if (this.#inString) {
        i = this.#string(bytes, i);
        continue;
      }
      const byte = bytes[i]!;
      if (byte === quote) {
        this.#inString = true;
        this.#word = '';
        this.#backslashes = 0;
      } else if (this.#depth !== null) {
        if (!this.#ends(byte)) continue;
        this.#depth = null;
        from = i;
      } else if (byte === colon && dropped.has(this.#word)) {
        this.#keep(bytes.subarray(from, i + 1));
        this.#keep(leftOut);
        this.#depth = 0;
        from = bytes.length;
      }
    }
    if (from < bytes.length) this.#keep(bytes.subarray(from));
  }

  /** What was kept. */
  end(): Buffer {
    return Buffer.concat(this.#kept, this.#length);
  }

  /** Goes to the end of the string, or of the bytes. Answers the place of its last byte. */
  #string(bytes: Buffer, start: number): number {
    for (let from = start; ;) {
      const at = bytes.indexOf(quote, from);
      const end = at === -1 ? bytes.length : at;
      this.#take(bytes, from, end);
      let first = end;
      while (first > from && bytes[first - 1] === backslash) first--;
      this.#backslashes = end - first + (first === from ? this.#backslashes : 0);
      if (at === -1) return end;
      const escaped = this.#backslashes % 2 === 1;
      this.#backslashes = 0;
      if (!escaped) {
        this.#inString = false;
        return at;
      }
      from = at + 1;
    }
  }

  #take(bytes: Buffer, from: number, end: number): void {
    if (this.#depth !== null || this.#word.length > longestKey) return;
    this.#word += bytes.toString('latin1', from, Math.min(end, from + longestKey + 1));
  }

  /** Whether a byte is the first one after the value that is left out. */
  #ends(byte: number): boolean {
    const depth = this.#depth!;
    if (byte === openBrace || byte === openBracket) this.#depth = depth + 1;
    else if (byte === closeBrace || byte === closeBracket) {
      if (depth === 0) return true;
      this.#depth = depth - 1;
    } else if (byte === comma) return depth === 0;
    return false;
  }

  #keep(bytes: Buffer): void {
    this.#kept.push(Buffer.from(bytes));
    this.#length += bytes.length;
  }
}
