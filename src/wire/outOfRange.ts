/**
 * Errors that say that a setting of the sampling is outside of what the model takes: it rejects each call that is sent so,
 * whatever the prompt. Where a prompt and its answer together have no room, another prompt may: that one is too long.
 */

const maxTokens = 'max(imum)?[ _]?((completion|output|new)[ _]?)?tokens';
const setting = `['"\`]?\\b(${maxTokens}|temperature|top[ _]?p)\\b['"\`]?`;

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
    // Groq, Cohere, FastAPI, TGI; vLLM says the second of a prompt that leaves no room
    `${setting} ?:? ((input|value|number) )?(must|should) be (less than|greater than|at most|strictly|non-negative|between|> |in [[(])`,
    `${setting} ?:? ((input|value|number) )?(must|should) be at least (?!\\d+, got -)`,
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

/** Whether what is out of its range is the length of an answer. */
export const blamesTokens = (text: string): boolean => /tokens/i.test(text);

/** @param text of an error, as it came. */
export function isOutOfRange(text: string): boolean {
  return outOfRange.test(text) || rooms.some((words) => leavesNoRoom(words.exec(text)?.groups));
}

const leavesNoRoom = (found: Readonly<Record<string, string>> | undefined): boolean =>
  found !== undefined && Number(found['answer']) >= Number(found['room']);
