import * as l10n from '../../base/l10n.ts';
import type { Consequences } from '../work/consequences.ts';
import { dollars } from '../../view/words.ts';

/** What it costs that tuned models are deployed, as sentences; none where nothing is. */
export function deploymentSentences(deploysAt: Consequences['deploysAt'] | undefined): readonly string[] {
  if (deploysAt === null || deploysAt === undefined) return [];
  return [
    l10n.t`Tuned models are deployed at ${deploysAt.host} when they are first asked and stopped at the end, each for about ${dollars(deploysAt.usdPerHour)} an hour beside that.`,
  ];
}
