import * as l10n from '../../base/l10n.ts';
import { resolveProgram } from '../../config/resolve.ts';
import { UsageError } from '../../base/errors.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import type { Session } from '../session/session.ts';
import { prepareEmbedded } from '../processes/embeddedModel.ts';
import { requireTrust } from '../base/trust.ts';
import type { RunDefinition } from '../runs/runTask.ts';

/** A run that tasks.json describes: no one looked at its price, so the person is asked where it may cost something. */
export async function startFromTask(session: Session, root: string, definition: RunDefinition): Promise<RunLocation> {
  requireTrust(l10n.t('This task'));
  const found = session.roots.all.find(({ folder }) => folder === root);
  if (found === undefined) {
    throw new UsageError(l10n.t`The task names the folder ${root}, which is not one of this window.`);
  }
  if (found.problem !== null) throw found.problem;
  const { program, strategy, seed, endpoint, model, budget = {} } = definition;
  const { calls, tokens, usd } = budget;
  const caps = {
    ...(calls !== undefined && { calls }),
    ...(tokens !== undefined && { tokens }),
    ...(usd !== undefined && { usd }),
  };
  const overrides = { strategy, seed, endpoint, model, budget: caps };
  const config = await resolveProgram(found.loaded, program!, overrides, root);
  const consent = await session.consents.ask(config);
  await session.consents.askCosts(config);
  await prepareEmbedded(session, config);
  return session.starter.start({ root, config, consent });
}
