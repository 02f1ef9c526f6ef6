import { sleep } from '../../engine/abort.ts';
import type { Deployments } from '../../finetune/base/deployments.ts';
import type { DeploymentEntry, DeploymentLedger } from '../record/deploymentLedger.ts';

/** Seconds that a service has to stop one. */
const stopSeconds = 120;

/**
 * Stops a deployment that no living process asks, and strikes it out: also where the disk takes nothing more.
 *
 * @param againAfterSeconds when it is stopped once more before it is struck out: it was asked to start, and that may still
 * be on its way. Default: never.
 * @returns whether it is gone; `false`: a living process asks it.
 */
export function stopUnheld(
  ledger: DeploymentLedger,
  entry: DeploymentEntry,
  deployments: Deployments,
  { againAfterSeconds }: { readonly againAfterSeconds?: number } = {},
): Promise<boolean> {
  const signal = AbortSignal.timeout(stopSeconds * 1000);
  return ledger.exclusivelyIfPossible(entry.id, signal, async () => {
    if (await ledger.isHeld(entry.id)) return false;
    await deployments.stop(entry.id, signal);
    if (againAfterSeconds !== undefined) {
      await sleep(againAfterSeconds * 1000, signal);
      await deployments.stop(entry.id, signal);
    }
    await ledger.remove(entry);
    return true;
  });
}
