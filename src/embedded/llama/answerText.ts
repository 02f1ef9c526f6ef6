import type { LlamaModel, Token } from './nodeLlamaCpp.ts';

/** A generation's text as it grows, cut at the first stop string. */
export interface AnswerText {
  /** Adds a token; returns text that is certain to belong to the answer (for streaming), and whether it is over. */
  push(token: Token): { readonly text: string; readonly stopped: boolean };
  /** The text held back, at the end of a generation that no stop string ended. */
  flush(): string;
  /** Everything generated so far, certain or not, stop strings not cut. */
  readonly raw: string;
}

/** A character is at most 4 bytes, so at most 4 byte tokens; what is still broken after them is the model's. */
const longestCharacter = 4;

/** `detokenize` keeps this many tokens before a piece, for tokenizers whose pieces depend on their left neighbour. */
const leftContext = 4;

/**
 * Tokens to text: a character that spans tokens comes out whole, and what might be the beginning of a stop string is
 * held back until it is certain. A stop string never shows.
 */
export function answerText(model: Pick<LlamaModel, 'detokenize'>, stops: readonly string[]): AnswerText {
  const tokens: Token[] = [];
  let decodedTokens = 0;
  let decoded = '';
  let sent = 0;

  const decode = (force: boolean): void => {
    const fresh = tokens.slice(decodedTokens);
    const text = model.detokenize(fresh, false, tokens.slice(Math.max(0, decodedTokens - leftContext), decodedTokens));
    if (!force && text.endsWith('\uFFFD') && fresh.length < longestCharacter) return;
    decodedTokens = tokens.length;
    decoded += text;
  };
  const release = (end: number): string => {
    const text = decoded.slice(sent, end);
    sent = Math.max(sent, end);
    return text;
  };

  return {
    push(token) {
      tokens.push(token);
      decode(false);
      const cut = firstStop(decoded, sent, stops);
      if (cut !== null) return { text: release(cut), stopped: true };
      return { text: release(decoded.length - heldBack(decoded, stops)), stopped: false };
    },
    flush() {
      decode(true);
      const cut = firstStop(decoded, sent, stops);
      return release(cut ?? decoded.length);
    },
    get raw() {
      return decoded;
    },
  };
}

/** Where the earliest stop string begins; text before `from` holds none. */
function firstStop(text: string, from: number, stops: readonly string[]): number | null {
  const places = stops.map((stop) => text.indexOf(stop, from)).filter((place) => place >= 0);
  return places.length === 0 ? null : Math.min(...places);
}

/** How many of the last characters may still become a stop string. */
function heldBack(text: string, stops: readonly string[]): number {
  let held = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > held; length--) {
      if (text.endsWith(stop.slice(0, length))) held = length;
    }
  }
  return held;
}
