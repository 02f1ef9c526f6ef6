import { HumanError } from '../base/errors.ts';
import { runAskSchema } from '../viewProtocol/asks.ts';
import { possibleActs } from './acts.ts';
import { answer } from './answer.ts';
import type { Effects } from './answer.ts';
import type { RunReader } from './runReader.ts';
import type { PageSource } from './pageSession.ts';

/** A run, as its page asks for it. */
export function runSource(reader: RunReader, effects: Effects): PageSource {
  return {
    advance: () => reader.advance(),
    picture: (complete) => reader.snapshot(complete),
    get mark() {
      // Whether a process is at it, and what the workspace is trusted with, change without an event.
      return [reader.version, reader.status, ...possibleActs(reader.acting)].join(' ');
    },
    get live() {
      return reader.status === 'running';
    },
    answer: (ask) => {
      const parsed = runAskSchema.safeParse(ask);
      if (!parsed.success) throw new HumanError(`The view of a run does not answer "${ask.ask}".`);
      return answer(reader, effects, parsed.data);
    },
  };
}
