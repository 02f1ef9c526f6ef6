import { HumanError } from '../base/errors.ts';
import { runAskSchema } from '../viewProtocol.ts';
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
      return `${reader.version} ${reader.status}`;
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
