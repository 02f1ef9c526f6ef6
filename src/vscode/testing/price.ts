/** What one evaluation of programs takes, in a sentence before the cap is asked for. */
import * as l10n from '../../base/l10n.ts';
import { expectedText } from '../../editor/settings/planText.ts';
import { scaledPlan } from '../../editor/tests/price.ts';
import { readSettings } from '../base/settings.ts';
import { estimate } from '../optimize/estimate.ts';
import type { Configured } from '../optimize/configured.ts';
import type { Session } from '../session/session.ts';
import { rowsOf } from './targets.ts';
import type { Target } from './targets.ts';
import type { TestTree } from './testTree.ts';

/**
 * From a handful of rows of each, which are run for it; `null` where the person does not want estimates, or not to wait.
 *
 * @throws HumanError when a program does not work.
 */
export async function priceOf(
  session: Session,
  targets: readonly Target[],
  all: readonly Configured[],
  tree: TestTree,
): Promise<string | null> {
  if (!readSettings().estimate) return null;
  const parts: string[] = [];
  for (const [i, target] of targets.entries()) {
    const chosen = all[i]!;
    const plan = await estimate(session, chosen, ['optimize', chosen.key, '--strategy', 'vanilla']);
    if (plan === null) return null;
    const rows = await tree.list(target.test, 'dev');
    const asked = rowsOf(target, rows)?.length ?? rows.length;
    parts.push(l10n.t`${chosen.key}: ${expectedText(scaledPlan(plan, asked))} for ${asked} rows`);
  }
  return l10n.t`${parts.join('; ')}; rows that did not change are remembered.`;
}
