import type { AnswerText } from './answerText.ts';
import type { GrammarState, Token } from './nodeLlamaCpp.ts';

/** How the next token is drawn. */
export interface SamplingSettings {
  /** 0: always the likeliest token. */
  readonly temperature: number;
  readonly topP: number;
  /** 0: all tokens. */
  readonly topK: number;
  readonly minP: number;
  readonly seed: number;
}

/** One answer in the making: what a lane works on. It survives a move to a lane with a longer context. */
export interface Generation {
  readonly prompt: readonly Token[];
  readonly generated: Token[];
  readonly maxTokens: number;
  readonly sampling: SamplingSettings;
  readonly text: AnswerText;
  /** Grammar the answer is held to. */
  readonly grammar: GrammarState | null;
  /** Says that the answer is complete although the model was not asked whether it would go on. */
  readonly complete: ((raw: string) => boolean) | null;
  readonly signal: AbortSignal;
  /** Text that is certain, as it comes. */
  readonly onText: (text: string) => void;
  /** Prompt tokens whose state was there already, when it first ran. */
  cachedTokens: number | null;
}

/** `full`: the lane's context is too short to go on. */
export type GenerationEnd = 'stop' | 'length' | 'full';
