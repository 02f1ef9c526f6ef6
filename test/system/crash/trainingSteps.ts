import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startedAgain, startsAtMost } from '../../../src/base/killed.ts';

interface Event {
  readonly message: string;
  readonly data: { readonly step: number } | null;
}

/** The events of an embedded training job, oldest first; a line that is still being written is left out. */
export function jobEvents(jobs: string, id: string): readonly Event[] {
  const file = join(jobs, id, 'events.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  return lines.map((line) => JSON.parse(line) as Event);
}

/** Moments of the embedded training job under way. */
export class TrainingMoments {
  readonly #jobs: string;
  #begunBefore = 0;

  /** @param jobs the folder of the jobs. */
  constructor(jobs: string) {
    this.#jobs = jobs;
  }

  /** Whether the job has been begun since the last kill, and has made so many steps since. */
  after(steps: number): () => boolean {
    return () => {
      const { begun, made } = this.#look();
      return begun > this.#begunBefore && made >= steps;
    };
  }

  /** Somebody was killed: the next moment is in the training that is begun after it. */
  readonly killed = (): void => {
    this.#begunBefore = this.#look().begun;
  };

  #look(): { readonly begun: number; readonly made: number } {
    const id = (existsSync(this.#jobs) ? readdirSync(this.#jobs) : []).find((job) => isRunning(this.#jobs, job));
    const events = id === undefined ? [] : jobEvents(this.#jobs, id);
    const begins = events.flatMap(({ message }, place) => (isBegin(message) ? [place] : []));
    const steps = events.slice(begins.at(-1) ?? events.length).map(({ data }) => data?.step ?? 0);
    return { begun: begins.length, made: Math.max(0, ...steps) };
  }
}

function isRunning(jobs: string, id: string): boolean {
  const file = join(jobs, id, 'job.json');
  return existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { status: string }).status === 'running';
}

const again = new Set(Array.from({ length: startsAtMost }, (_, start) => startedAgain(start + 1)));
const isBegin = (message: string): boolean => message.startsWith('Training on') || again.has(message);
