import type { Usage } from '../../protocol.ts';
import { courseEvents, readEvents } from '../record/eventLog.ts';
import { foldEvents } from '../../view/fold.ts';
import { runFiles } from '../record/runFolder.ts';
import type { Spent } from '../record/spendLedger.ts';

export interface EarlierSessions {
  readonly usage: Usage;
  readonly spent: Spent;
  readonly seconds: number;
}

/** What earlier sessions of the run paid and how long they took, from its log. */
export async function earlierSessions(folder: string): Promise<EarlierSessions> {
  let seconds = 0;
  let last: number | null = null;
  // The last event of a session may be of any type, so the clock looks at all of them.
  const { events } = await readEvents(runFiles(folder).events, 0, courseEvents, (event) => {
    const time = Date.parse(event.time);
    // Between sessions nothing runs, and a clock that is set back takes nothing away.
    if (last !== null && event.type !== 'run.started') seconds += Math.max(0, time - last) / 1000;
    last = time;
  });
  const spent = events.reduce<Spent>(
    (before, event) => (event.type === 'usage' && event.spent !== undefined ? event.spent : before),
    { calls: 0, tokens: 0, usd: 0 },
  );
  const { usage } = foldEvents(events);
  return { usage, spent, seconds };
}
