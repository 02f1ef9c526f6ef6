/** DSPy itself, asked in JSON lines. */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { dspyPython } from '../../system/dspyPython.ts';

export class Oracle {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  readonly #baseURL: string;
  /** The end of what it printed: progress bars, and why it died. */
  #said = '';
  #last: Promise<unknown> = Promise.resolve();

  constructor(baseURL: string) {
    this.#baseURL = baseURL;
    const script = fileURLToPath(new URL('oracle.py', import.meta.url));
    this.#child = spawn(dspyPython(), ['-W', 'ignore', script], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, LITELLM_LOCAL_MODEL_COST_MAP: 'True', PYTHONDONTWRITEBYTECODE: '1' },
    });
    this.#child.stderr.on('data', (bytes: Buffer) => (this.#said = (this.#said + bytes.toString('utf8')).slice(-4000)));
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** @throws Error with DSPy's traceback. */
  ask<T>(scenario: string, asked: Readonly<Record<string, unknown>> = {}): Promise<T> {
    const answer = this.#last.catch(() => undefined).then(() => this.#ask<T>({ scenario, ...asked }));
    this.#last = answer;
    return answer;
  }

  async #ask<T>(asked: Readonly<Record<string, unknown>>): Promise<T> {
    this.#child.stdin.write(`${JSON.stringify({ baseURL: this.#baseURL, ...asked })}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`DSPy has ended: ${this.#said}`);
    const answer = JSON.parse(value) as { readonly result: T } | { readonly error: string };
    if ('error' in answer) throw new Error(answer.error);
    return answer.result;
  }

  close(): void {
    this.#child.stdin.end();
  }
}
