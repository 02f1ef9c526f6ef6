/** Prompts, answers and rows as attributes: only where they were asked for, without keys, and bounded. */
import { shownFields } from '../base/exact.ts';
import type { Fields, JsonValue } from '../base/json.ts';
import { withoutKeys } from '../base/keys.ts';
import type { Attributes } from './span.ts';

/** Characters of one attribute. */
const charactersAtMost = 32_000;

const json = 'application/json';
const text = 'text/plain';

export function bounded(value: string): string {
  return cut(withoutKeys(value), charactersAtMost);
}

const cut = (text: string, longest: number): string =>
  text.length > longest ? `${text.slice(0, longest).replace(/[\ud800-\udbff]$/, '')}…` : text;

interface JsonText {
  /** JSON, also where something was left out. */
  readonly text: string;
  readonly isCut: boolean;
}

/** Characters of a text in it, items of a list or an object, and levels. */
interface Bounds {
  readonly characters: number;
  readonly items: number;
  readonly levels: number;
}

/** Tried in turn. What keeps to the last is below the limit whatever it is. */
const bounds: readonly Bounds[] = [
  { characters: 16_000, items: 1000, levels: 50 },
  { characters: 4000, items: 250, levels: 20 },
  { characters: 1000, items: 64, levels: 10 },
  { characters: 200, items: 16, levels: 6 },
  { characters: 40, items: 8, levels: 3 },
];

/** As JSON: what is too long is shortened within the value, so that the text can be read as JSON. */
function boundedJson(value: JsonValue): JsonText {
  const whole = withoutKeys(JSON.stringify(value));
  if (whole.length <= charactersAtMost) return { text: whole, isCut: false };
  for (const each of bounds) {
    const text = JSON.stringify(shortened(value, each));
    if (text.length <= charactersAtMost) return { text, isCut: true };
  }
  return { text: '"…"', isCut: true };
}

/** Without keys, which would not be recognised any more once they are cut. */
function shortened(value: JsonValue, within: Bounds): JsonValue {
  if (typeof value === 'string') return cut(withoutKeys(value), within.characters);
  if (value === null || typeof value !== 'object') return value;
  if (within.levels === 0) return '…';
  const inner = { ...within, levels: within.levels - 1 };
  if (Array.isArray(value)) {
    const kept = value.slice(0, within.items).map((item: JsonValue) => shortened(item, inner));
    return kept.length < value.length ? [...kept, '…'] : kept;
  }
  const entries = Object.entries(value as Fields);
  const kept = entries
    .slice(0, within.items)
    .map(([name, item]) => [cut(withoutKeys(name), within.characters), shortened(item, inner)] as const);
  return Object.fromEntries(kept.length < entries.length ? [...kept, ['…', '…']] : kept);
}

/** As OpenInference names what goes in and what comes out of any span; and whether all of it is there. */
export function fieldsIn(fields: Fields): Attributes {
  const { text: value, isCut } = boundedJson(shownFields(fields));
  return { 'input.value': value, 'input.mime_type': json, ...(isCut ? { 'bettertogether.input_cut': true } : {}) };
}

export function fieldsOut(fields: Fields | null): Attributes {
  if (fields === null) return {};
  const { text: value, isCut } = boundedJson(shownFields(fields));
  return { 'output.value': value, 'output.mime_type': json, ...(isCut ? { 'bettertogether.output_cut': true } : {}) };
}

/**
 * A request's body and its answer: as the GenAI conventions of OpenTelemetry have messages, and as OpenInference does.
 *
 * @param answer `null`: there was no text.
 */
export function messagesOf(body: Readonly<Record<string, unknown>>, answer: string | null, finish: string): Attributes {
  const asked = messagesIn(body);
  const said =
    answer === null ? [] : [{ role: 'assistant', parts: [{ type: 'text', content: answer }], finish_reason: finish }];
  const messages = asked.map(({ role, content }) => ({ role, parts: [{ type: 'text', content }] }));
  return {
    'gen_ai.input.messages': boundedJson(messages).text,
    ...(said.length === 0 ? {} : { 'gen_ai.output.messages': boundedJson(said).text }),
    'input.value': bounded(asked.map(({ content }) => content).join('\n\n')),
    'input.mime_type': text,
    ...(answer === null ? {} : { 'output.value': bounded(answer), 'output.mime_type': text }),
    ...Object.fromEntries(
      asked.slice(0, messagesAtMost).flatMap(({ role, content }, i) => [
        [`llm.input_messages.${i}.message.role`, role],
        [`llm.input_messages.${i}.message.content`, bounded(content)],
      ]),
    ),
    ...(answer === null
      ? {}
      : {
          'llm.output_messages.0.message.role': 'assistant',
          'llm.output_messages.0.message.content': bounded(answer),
        }),
  };
}

/** Messages that are listed one by one beside all of them as one text. */
const messagesAtMost = 64;

interface Message {
  readonly role: string;
  readonly content: string;
}

function messagesIn({ messages, prompt }: Readonly<Record<string, unknown>>): readonly Message[] {
  if (typeof prompt === 'string') return [{ role: 'user', content: prompt }];
  if (!Array.isArray(messages)) return [];
  return messages.flatMap((message: unknown) => {
    if (typeof message !== 'object' || message === null || !('role' in message) || !('content' in message)) return [];
    const { role, content } = message;
    return [{ role: String(role), content: typeof content === 'string' ? content : JSON.stringify(content) }];
  });
}
