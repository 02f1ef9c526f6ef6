/**
 * One page and what it shows: sends the picture when it changes, answers questions. Knows the page as something messages
 * go to and come from, so that it runs in tests without VS Code.
 */
import * as l10n from '../base/l10n.ts';
import { HumanError } from '../base/errors.ts';
import { toHostSchema } from '../viewProtocol/messages.ts';
import type { Ask } from '../viewProtocol/asks.ts';
import type { ToHost, ToView } from '../viewProtocol/messages.ts';

/** What a page says of an error that was not written for people; the log has that. */
const bugMessage = l10n.t('This is a bug in BetterTogether, not yours: "BetterTogether: Show Log" has what happened.');

/** What a page is about: a run, or runs side by side. */
export interface PageSource {
  /** Reads one more piece of what there is; false at its end. */
  advance(): Promise<boolean>;
  /** The whole picture. `complete`: everything that there is was read. */
  picture(complete: boolean): ToView;
  /** Changes when the picture does. */
  readonly mark: string;
  /** A process is at work on it: it is looked at more often. */
  readonly live: boolean;
  /** @throws HumanError when it cannot be answered; the message is for people. */
  answer(ask: Ask): Promise<unknown>;
}

export interface SessionParts {
  readonly source: PageSource;
  post(message: ToView): void;
  /** A mistake of our own; for the log. */
  onBug(what: string, error: unknown): void;
  /** Milliseconds between looks at a log that is written to, and at one that is not. */
  readonly liveEvery?: number;
  readonly idleEvery?: number;
}

/** While a long log is read for the first time, a picture this often (ms). */
const partialEvery = 150;

export class PageSession {
  readonly #parts: SessionParts;
  /** The page said that it listens. */
  #ready = false;
  #visible = true;
  #disposed = false;
  #timer: NodeJS.Timeout | undefined;
  #reading = false;
  #sent = '';
  /** What the page is to get once it has a whole picture. */
  #pending: ToView | null = null;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** What the page sent, unchecked. */
  async receive(raw: unknown): Promise<void> {
    const parsed = toHostSchema.safeParse(raw);
    if (!parsed.success) return this.#parts.onBug('the view sent a message that is none', parsed.error);
    const message = parsed.data;
    switch (message.type) {
      case 'ready':
        this.#ready = true;
        this.#sent = '';
        return this.look();
      case 'request':
        return this.#answer(message);
      case 'error':
        return this.#parts.onBug('the view failed', message.message);
    }
  }

  /** A hidden page is gone, or gets no messages: nothing is read for it. */
  show(visible: boolean): void {
    this.#visible = visible;
    if (visible) void this.look();
    else clearTimeout(this.#timer);
  }

  /** Sends the page something beside the picture, once it has the picture. */
  tell(message: ToView): void {
    this.#pending = message;
    // A page that is hidden will say `ready` when it is there again.
    this.#sent = '';
    void this.look();
  }

  /** Reads on to the end, and comes back later. */
  async look(): Promise<void> {
    if (this.#reading || this.#disposed || !this.#ready) return;
    this.#reading = true;
    clearTimeout(this.#timer);
    try {
      await this.#read();
    } catch (error) {
      this.#parts.onBug('what is shown could not be read', error);
    } finally {
      this.#reading = false;
    }
    this.#later();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    const { source } = this.#parts;
    let told = performance.now() - partialEvery;
    while (!this.#disposed && (await source.advance())) {
      if (performance.now() - told < partialEvery) continue;
      this.#tell(false);
      told = performance.now();
    }
    this.#tell(true);
  }

  #tell(complete: boolean): void {
    if (this.#disposed || !this.#visible) return;
    const { source, post } = this.#parts;
    // Whether it is alive can change without an event.
    const mark = `${source.mark} ${complete}`;
    if (mark !== this.#sent) {
      this.#sent = mark;
      post(source.picture(complete));
    }
    if (!complete || this.#pending === null) return;
    post(this.#pending);
    this.#pending = null;
  }

  #later(): void {
    if (this.#disposed || !this.#visible) return;
    const { source, liveEvery = 400, idleEvery = 3000 } = this.#parts;
    this.#timer = setTimeout(() => void this.look(), source.live ? liveEvery : idleEvery);
    this.#timer.unref();
  }

  async #answer({ id, body }: Extract<ToHost, { type: 'request' }>): Promise<void> {
    const { source, post, onBug } = this.#parts;
    try {
      post({ type: 'reply', id, value: await source.answer(body) });
    } catch (error) {
      const isKnown = error instanceof HumanError;
      if (!isKnown) onBug(`"${body.ask}" failed`, error);
      post({ type: 'refused', id, message: isKnown ? error.message : bugMessage });
    }
  }
}
