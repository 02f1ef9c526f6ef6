/** Messages that show an LM pictures: parts as OpenAI's chat completions take them, and as text for people. */
import { createHash } from 'node:crypto';
import type { JsonValue } from '../base/json.ts';
import type { ContentPart } from './lm.ts';

/** `What is it? [image/png, 1234 bytes, sha256 0f3a9c01b2d4]` */
export function textOfParts(parts: readonly ContentPart[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : toldImage(part.image_url.url))).join('');
}

function toldImage(url: string): string {
  return toldInline(url) ?? `[image, ${url.length > 200 ? `${url.slice(0, 199)}…` : url}]`;
}

/** `[image/png, 1234 bytes, sha256 0f3a9c01b2d4]` for data that a text spells out; `null`: it is another text. */
export function toldInline(text: string): string | null {
  const inline = /^data:([\w/+.-]+)(?:;[\w=.-]+)*;base64,/.exec(text);
  if (inline === null) return null;
  const bytes = Buffer.from(text.slice(inline[0].length), 'base64');
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  return `[${inline[1]!}, ${bytes.length} bytes, sha256 ${hash}]`;
}

/** A request body with text in the place of parts: what is kept of a request, for people to read. */
export function bodyInText(body: Readonly<Record<string, JsonValue>>): Readonly<Record<string, JsonValue>> {
  const { messages } = body;
  if (!Array.isArray(messages) || !messages.some(hasParts)) return body;
  return { ...body, messages: messages.map(inText) };
}

type Message = { readonly content: readonly ContentPart[] } & { readonly [key: string]: JsonValue };

function hasParts(message: JsonValue): message is Message {
  return message !== null && typeof message === 'object' && 'content' in message && Array.isArray(message['content']);
}

function inText(message: JsonValue): JsonValue {
  return hasParts(message) ? { ...message, content: textOfParts(message.content) } : message;
}
