import type { JsonValue } from '../../base/json.ts';
import type { Journal, TraceRecord } from '../../engine/interfaces.ts';
import type { Memo } from '../../lm/memo.ts';
import type { RunEvent } from '../../protocol.ts';
import { inTurn } from './lock.ts';
import { lockFile } from './runFolder.ts';

/**
 * The journal of work that is no run of its own (an evaluation, an estimate): it keeps the memo and reports events.
 *
 * @param onTrace is handed each program run; by default none is kept.
 */
export function sideJournal(
  workspace: string,
  memo: Memo,
  onEvent: (event: RunEvent) => void,
  onTrace: (record: TraceRecord) => void = () => undefined,
): Journal {
  return {
    append: onEvent,
    trace: onTrace,
    state: () => undefined,
    rows: () => Promise.resolve(),
    recall: (key) => memo.get(key),
    remember: (key: string, value: JsonValue) => memo.put(key, value),
    exclusively: (key, body, signal) =>
      inTurn(lockFile(workspace, key), memo, body, signal, (message) => {
        onEvent({ type: 'warning', message });
      }),
  };
}
