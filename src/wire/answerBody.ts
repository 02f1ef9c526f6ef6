/** Bodies of answers as servers send them, before anything is known of what they say. */
import { isStreamed, wholeOf } from './streamedAnswer.ts';

/** FastAPI's `{"detail": …}` as `{"error": {"detail": …}}`, and a text or a page likewise. */
export function underError(text: string): string {
  const body = isStreamed(text) ? wholeOf(text) : jsonOf(text);
  if (typeof body === 'object' && body !== null) return JSON.stringify('error' in body ? body : { error: body });
  const said = typeof body === 'string' ? body : text;
  return said.trim() === '' ? '' : JSON.stringify({ error: said });
}

/** Python's JSON has numbers that are none (of log probabilities, say): they are read as `null`. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const plain = text.replaceAll(stringOrNoNumber, (found) => (found.startsWith('"') ? found : 'null'));
    if (plain === text) throw error;
    return JSON.parse(plain);
  }
}

const stringOrNoNumber = /"(?:[^"\\]|\\.)*"|\bNaN\b|-?\bInfinity\b/g;

/** `undefined` for what is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return parsedJson(text);
  } catch {
    return undefined;
  }
}
