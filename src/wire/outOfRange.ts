/**
 * Errors that say that a setting of the sampling is outside of what the model takes: it rejects each call that is sent so,
 * whatever the prompt. Where a prompt and its answer together have no room, another prompt may: that one is too long.
 */
import type { Sampling } from '../data/lm.ts';

const maxTokens = 'max(imum)?[ _]?((completion|output|new)[ _]?)?tokens';
const quoted = (name: string): string => `['"\`]?\\b(${name})\\b['"\`]?`;
const ofChance = 'temperature|top[ _]?p';
const setting = quoted(`${maxTokens}|${ofChance}`);
const mustBe =
  ' ?:? ((input|value|number) )?(must|should) be (less than|greater than|at most|at least|strictly|non-negative|between|> |in [[(])';
/** Of a prompt that leaves no room, some say this of what is left, or of the sum. */
const afterPrompt = `(?<!(\\+|\\band|\\bsum of)\\s*['"\`]?)`;
const leftOver = '(?![^]{0,60} got (-|0\\b))';

const outOfRange = new RegExp(
  [
    // OpenAI, and those who do as it does
    'supports at most \\d+ completion tokens',
    `${setting}[^.]{0,60}(integer|decimal|number) (above maximum|below minimum) value(?![^]{0,60} got -)`,
    `is (greater than the maximum|less than the minimum) of -?[\\d.]+ - ${setting}`,
    // DeepSeek, DashScope, Gemini, Anthropic
    `range of ${setting} (is|should be)`,
    `${setting} value of [\\d.]+ but the supported range`,
    `${setting}: (range: |\\d+ > \\d)`,
    // Groq, Cohere, FastAPI, TGI, vLLM
    `${quoted(ofChance)}${mustBe}`,
    `${afterPrompt}${quoted(maxTokens)}${mustBe}${leftOver}`,
    // Ollama's cloud, Scaleway, Bedrock, vLLM
    `${setting}:? ?\\(\\d+\\) exceeds (the |this )?model`,
    `${setting} is limited for this model`,
    'maximum tokens you requested exceeds the model limit',
    `${setting} ?= ?\\d+ cannot be greater than`,
  ].join('|'),
  'i',
);

/** What is said of the room for prompt and answer together, and of the answer that was asked for. */
const rooms = [
  /maximum context length is +(?<room>\d+) tokens.{0,80}?\b(?<answer>\d+) (in (the|your) completion|output tokens)/is,
  /too large: (?<answer>\d+)\. .{0,40}maximum context length is +(?<room>\d+) tokens/is,
  /must be <= (?<room>\d+)\. given: \d+ \S+ tokens and (?<answer>\d+) /i,
];

/** Which setting is out of its range. */
export function blamedSetting(text: string): keyof Sampling {
  const words = outOfRange.exec(text)?.[0] ?? '';
  if (/temperature/i.test(words)) return 'temperature';
  return /\btop[ _]?p\b/i.test(words) ? 'topP' : 'maxTokens';
}

/** @param text of an error, as it came. */
export function isOutOfRange(text: string): boolean {
  return outOfRange.test(text) || rooms.some((words) => leavesNoRoom(words.exec(text)?.groups));
}

const leavesNoRoom = (found: Readonly<Record<string, string>> | undefined): boolean =>
  found !== undefined && Number(found['answer']) >= Number(found['room']);
