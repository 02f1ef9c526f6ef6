/** Prompts, answers and rows as attributes: only where they were asked for, without keys, and bounded. */
import { shownFields } from '../base/exact.ts';
import type { Fields } from '../base/json.ts';
import { withoutKeys } from '../base/keys.ts';
import type { Attributes } from './span.ts';

/** Characters of one attribute. */
const charactersAtMost = 32_000;

export const json = 'application/json';
const text = 'text/plain';

export function bounded(value: string): string {
  const plain = withoutKeys(value);
  return plain.length > charactersAtMost
    ? `${plain.slice(0, charactersAtMost).replace(/[\ud800-\udbff]$/, '')}…`
    : plain;
}

/** As OpenInference names what goes in and what comes out of any span. */
export function fieldsIn(fields: Fields): Attributes {
  return { 'input.value': bounded(JSON.stringify(shownFields(fields))), 'input.mime_type': json };
}

export function fieldsOut(fields: Fields | null): Attributes {
  if (fields === null) return {};
  return { 'output.value': bounded(JSON.stringify(shownFields(fields))), 'output.mime_type': json };
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
    'gen_ai.input.messages': bounded(JSON.stringify(messages)),
    ...(said.length === 0 ? {} : { 'gen_ai.output.messages': bounded(JSON.stringify(said)) }),
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
