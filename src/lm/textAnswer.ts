import type { IncomingHttpHeaders } from 'node:http';
import { nestsDeeper } from '../base/nesting.ts';
import { jsonOf, parsedJson, underError } from '../wire/answerBody.ts';
import { isStreamed } from '../wire/streamedAnswer.ts';

/** As much of `Headers` as is read of an answer: theirs costs several times as much to make. */
class AnswerHeaders {
  readonly #given: IncomingHttpHeaders;
  /** As it is to be read, where that is not as it was given. */
  type: string | null;

  constructor(given: IncomingHttpHeaders) {
    this.#given = given;
    const type: string | readonly string[] | undefined = given['content-type'];
    // Some proxies send it twice, and undici then gives both.
    this.type = type === undefined ? null : String(type);
  }

  get(name: string): string | null {
    const lower = name.toLowerCase();
    if (lower === 'content-type') return this.type;
    const value = Object.hasOwn(this.#given, lower) ? this.#given[lower] : undefined;
    return value === undefined ? null : String(value);
  }

  *entries(): Generator<readonly [name: string, value: string]> {
    for (const name of Object.keys(this.#given)) yield [name, this.get(name)!];
  }
}

/** As much of a `Response` as the `openai` package reads of an answer in text. */
export class TextAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body = null;
  readonly url = '';
  readonly #text: string;

  constructor(status: number, headers: IncomingHttpHeaders, text: string) {
    this.status = status;
    this.headers = new AnswerHeaders(headers);
    // JSON that nests without end is refused: reading it would run out of stack.
    this.#text = nestsDeeper(text) ? text.slice(0, 200) : text;
    // What streams is not JSON, whatever it is named: the package hands it on as text.
    if (isStreamed(this.#text)) this.headers.type = 'text/event-stream';
    // Some send JSON as text, or as nothing named: the package would hand it on unread.
    else if (!isNamedJson(this.headers) && typeof jsonOf(this.#text) === 'object') {
      this.headers.type = 'application/json';
    }
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** Of an error the package keeps what is under `error` and drops the rest: what has no such place goes there. */
  text(): Promise<string> {
    return Promise.resolve(this.ok ? this.#text : underError(this.#text));
  }

  json(): Promise<unknown> {
    return new Promise((resolve) => {
      resolve(parsedJson(this.#text));
    });
  }
}

/** As the package looks at it. */
function isNamedJson(headers: AnswerHeaders): boolean {
  const type = headers.type?.split(';')[0]?.trim() ?? '';
  return type.includes('application/json') || type.endsWith('+json');
}
