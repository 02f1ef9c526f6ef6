/** Deployments that a run which died left up at a service: they cost money until they are stopped. */
import { basename } from 'node:path';
import { HumanError } from '../../base/errors.ts';
import { backEndOf } from '../../finetune/backEnds.ts';
import { factsOf } from '../../finetune/settings.ts';
import { connect } from '../../lm/connection.ts';
import { defineEndpoint, trainerName } from '../../lm/endpoint.ts';
import { dollars } from '../../view/words.ts';
import { DeploymentLedger, unreadableEntry } from '../record/deploymentLedger.ts';
import type { DeploymentEntry } from '../record/deploymentLedger.ts';
import { stopUnheld } from '../services/stopDeployments.ts';
import type { Prunable } from './prunable.ts';

/** Of all workspaces of this user: whoever looks should see what costs. Those that a living run asks are left out. */
export async function leftDeployments(ledger = new DeploymentLedger()): Promise<readonly Prunable[]> {
  const found: Prunable[] = [];
  for (const entry of await ledger.list()) {
    if (await ledger.isHeld(entry.id)) continue;
    const price = `about ${dollars(entry.usdPerHour)} an hour while it is up`;
    const what = `deployment of "${entry.model}" at endpoint "${entry.endpoint}", ${price}: no run asks it`;
    found.push({ kind: 'deployment', path: ledger.path(entry), what, bytes: 0 });
  }
  return found;
}

/** Of each whose entry cannot be read, what to do about it. */
export async function unclearDeployments(ledger = new DeploymentLedger()): Promise<readonly string[]> {
  return (await ledger.unreadable()).map(unreadableEntry);
}

/** @throws HumanError when the service does not stop it, or a run has come to ask it. */
export async function removeDeployment(
  { path }: Pick<Prunable, 'path'>,
  ledger = new DeploymentLedger(),
): Promise<void> {
  const entry = await ledger.find(basename(path, '.json'));
  // Another process has stopped it meanwhile.
  if (entry === null) return;
  const service = factsOf(entry.trainer).service(entry.trainer);
  if (service === null) throw nothingStops(entry);
  const connection = connect(defineEndpoint({ name: trainerName(entry.endpoint), ...service }), {
    timeoutSeconds: 20,
  });
  try {
    const retry = { patienceSeconds: 20, firstContactSeconds: 3, attempts: 3 };
    const parts = { service: connection, retry, warn: () => undefined };
    const deployments = backEndOf(entry.trainer).deployments?.(entry.trainer, parts) ?? null;
    if (deployments === null) throw nothingStops(entry);
    const isGone = await stopUnheld(ledger, entry, deployments);
    if (!isGone) throw new HumanError('a run has come to ask it, and stops it at its end.');
  } finally {
    await connection.close();
  }
}

const nothingStops = ({ id }: DeploymentEntry): HumanError =>
  new HumanError(`nothing stops the deployment ${id}: stop it at the service.`);
