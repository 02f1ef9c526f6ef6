import type { Deployments } from '../../finetune/base/deployments.ts';
import type { DeploymentEntry, DeploymentLedger } from '../record/deploymentLedger.ts';

/** Seconds that a service has to stop one. */
const stopSeconds = 120;

/**
 * Stops a deployment that no living process asks, and strikes it out: also where the disk takes nothing more.
 *
 * @returns whether it is gone; `false`: a living process asks it.
 */
export function stopUnheld(
  ledger: DeploymentLedger,
  entry: DeploymentEntry,
  deployments: Deployments,
): Promise<boolean> {
  const signal = AbortSignal.timeout(stopSeconds * 1000);
  return ledger.exclusivelyIfPossible(entry.id, signal, async () => {
    if (await ledger.isHeld(entry.id)) return false;
    await deployments.stop(entry.id, signal);
    await ledger.remove(entry);
    return true;
  });
}
