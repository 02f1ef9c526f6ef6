/**
 * Where in a run its scores came about: after how many calls, how much money and how much work. The log has no such
 * numbers beside a score, but counts on the way. Mutable and fed once per event.
 */
import type { LoggedEvent, Usage } from '../protocol.ts';
import { foldWorkTime, noWorkTime, secondsWorked } from '../view/workTime.ts';
import { candidateState } from '../viewProtocol/parts.ts';
import type { Place, StepCourse } from '../viewProtocol/snapshot.ts';

/** More than a screen can show. */
const placesAtMost = 20_000;

export class Course {
  readonly #places = new Map<string, Place>();
  #usage: Usage | null = null;
  #worked = noWorkTime;
  #updated: string | null = null;

  ofStep(prefix: string): StepCourse {
    const at = (what: What): Place | null => this.#places.get(keyOf(prefix, what)) ?? null;
    return { began: at('began'), ended: at('ended'), dev: at('dev'), test: at('test') };
  }

  ofCandidate(prefix: string, candidate: number): Place | null {
    return this.#places.get(candidateState(prefix, candidate)) ?? null;
  }

  add(event: LoggedEvent): void {
    // What follows a stop begins with `run.started`.
    this.#worked = foldWorkTime({ worked: this.#worked, end: 'open', updated: this.#updated }, event);
    this.#updated = event.time;
    switch (event.type) {
      case 'usage':
        this.#usage = event.usage;
        return;
      case 'step.started':
        return this.#mark(keyOf(event.prefix, 'began'));
      case 'step.finished':
      case 'step.skipped':
        return this.#mark(keyOf(event.prefix, 'ended'));
      case 'candidate.finished':
        return this.#mark(candidateState(event.prefix, event.candidate));
      case 'evaluated':
        if (event.split !== 'train') this.#mark(keyOf(event.prefix, event.split));
        return;
      default:
    }
  }

  /** A resumed run logs again what it has already: it came about when it was first there. */
  #mark(key: string): void {
    if (this.#places.has(key) || this.#places.size >= placesAtMost) return;
    const { calls = 0, usd = 0 } = this.#usage ?? {};
    this.#places.set(key, { calls, usd, seconds: secondsWorked(this.#worked, this.#updated) });
  }
}

type What = 'began' | 'ended' | 'dev' | 'test';

/** No step has a `|` in its name. */
const keyOf = (prefix: string, what: What): string => `${prefix}|${what}`;
