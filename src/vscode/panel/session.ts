/**
 * One page and its run: sends the picture when it changes, answers questions. Knows the page as something messages go
 * to and come from, so that it runs in tests without VS Code.
 */
import { HumanError, messageOf } from '../../data/errors.ts';
import { toHostSchema } from '../../viewProtocol.ts';
import type { ToHost, ToView } from '../../viewProtocol.ts';
import { answer } from './answer.ts';
import type { Effects } from './answer.ts';
import type { RunReader } from './runReader.ts';

export interface SessionParts {
  readonly reader: RunReader;
  readonly effects: Effects;
  post(message: ToView): void;
  /** Something that is nobody's mistake but ours; for the log. */
  onBug(what: string, error: unknown): void;
  /** Milliseconds between looks at the log of a run that works, and of one that does not. */
  readonly liveEvery?: number;
  readonly idleEvery?: number;
}

/** While a long log is read for the first time, a picture this often (ms). */
const partialEvery = 150;

export class RunSession {
  readonly #parts: SessionParts;
  /** The page said that it listens. */
  #ready = false;
  #visible = true;
  #disposed = false;
  #timer: NodeJS.Timeout | undefined;
  #reading = false;
  #sent = '';

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** What the page sent, unchecked. */
  async receive(raw: unknown): Promise<void> {
    const parsed = toHostSchema.safeParse(raw);
    if (!parsed.success) return this.#parts.onBug('the run view sent a message that is none', parsed.error);
    const message = parsed.data;
    switch (message.type) {
      case 'ready':
        this.#ready = true;
        this.#sent = '';
        return this.look();
      case 'request':
        return this.#answer(message);
      case 'error':
        return this.#parts.onBug('the run view failed', message.message);
    }
  }

  /** A hidden page is gone, or gets no messages: nothing is read for it. */
  show(visible: boolean): void {
    this.#visible = visible;
    if (visible) void this.look();
    else clearTimeout(this.#timer);
  }

  /** Reads on to the end of the log, and comes back later. */
  async look(): Promise<void> {
    if (this.#reading || this.#disposed || !this.#ready) return;
    this.#reading = true;
    clearTimeout(this.#timer);
    try {
      await this.#read();
    } catch (error) {
      this.#parts.onBug('the run could not be read', error);
    } finally {
      this.#reading = false;
    }
    this.#later();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    void this.#parts.reader.close().catch((error: unknown) => this.#parts.onBug('the memo was not closed', error));
  }

  async #read(): Promise<void> {
    const { reader } = this.#parts;
    let told = performance.now() - partialEvery;
    while (!this.#disposed && (await reader.advance())) {
      if (performance.now() - told < partialEvery) continue;
      this.#tell(false);
      told = performance.now();
    }
    this.#tell(true);
  }

  #tell(complete: boolean): void {
    if (this.#disposed || !this.#visible) return;
    const snapshot = this.#parts.reader.snapshot(complete);
    // Whether it is alive can change without an event.
    const mark = `${snapshot.version} ${snapshot.status} ${complete}`;
    if (mark === this.#sent) return;
    this.#sent = mark;
    this.#parts.post(snapshot);
  }

  #later(): void {
    if (this.#disposed || !this.#visible) return;
    const { reader, liveEvery = 400, idleEvery = 3000 } = this.#parts;
    this.#timer = setTimeout(() => void this.look(), reader.status === 'running' ? liveEvery : idleEvery);
    this.#timer.unref();
  }

  async #answer({ id, body }: Extract<ToHost, { type: 'request' }>): Promise<void> {
    const { reader, effects, post, onBug } = this.#parts;
    try {
      post({ type: 'reply', id, value: await answer(reader, effects, body) });
    } catch (error) {
      if (!(error instanceof HumanError)) onBug(`"${body.ask}" failed`, error);
      post({ type: 'refused', id, message: messageOf(error) });
    }
  }
}
