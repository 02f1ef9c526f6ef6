/** What a run of the same settings took: a price counts the most that a search can do, a run before tells what it did. Pure. */
import * as l10n from '../../base/l10n.ts';
import { formatStrategy } from '../../data/strategy.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { count } from '../../view/words.ts';
import { localTime } from './runItem.ts';
import type { RunItem } from './runItem.ts';
import { counted } from '../../view/counted.ts';

type Asked = Pick<ResolvedProgram, 'program' | 'strategy' | 'seed' | 'model' | 'endpoint'>;

/**
 * `2026-11-23 12:15, 695 calls, 12 of them from the memo: …`; `null`: there is no finished run with this program, strategy,
 * seed, model and endpoint.
 */
export function runBefore(runs: readonly RunItem[], config: Asked): string | null {
  const before = runs.findLast(({ status, manifest }) => status === 'finished' && isSame(manifest.asked, config));
  if (before === undefined) return null;
  const { calls, cached } = before.view.usage;
  const [time, all] = [localTime(before.manifest.created), counted(calls + cached, 'call')];
  return cached === 0
    ? l10n.t`${time}, ${all}: what it asked is free where rows, code and settings are as they were`
    : l10n.t`${time}, ${all}, ${count(cached)} of them from the memo: what it asked is free where rows, code and settings are as they were`;
}

function isSame(one: Asked, other: Asked): boolean {
  return (
    one.program.file === other.program.file &&
    one.program.name === other.program.name &&
    formatStrategy(one.strategy) === formatStrategy(other.strategy) &&
    one.seed === other.seed &&
    one.model === other.model &&
    one.endpoint.name === other.endpoint.name
  );
}
