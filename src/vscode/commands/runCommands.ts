import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { UsageError } from '../../base/errors.ts';
import { writeLabel } from '../../run/record/label.ts';
import { stepName } from '../../view/words.ts';
import type { Session } from '../session/session.ts';
import { askText, choose } from '../base/picker.ts';
import type { Choice } from '../base/picker.ts';
import { parseCap } from '../../editor/settings/caps.ts';
import { RunReader } from '../../page/runReader.ts';
import { candidatePlace } from '../../page/knownStates.ts';
import type { ShelvedCandidate, StatePlace } from '../../page/knownStates.ts';
import { diffStates } from '../panel/stateDocuments.ts';
import { followRun } from './followRun.ts';
import { isResumable, runName } from '../../editor/items/runItem.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { ownRunTarget, pick, runTarget } from '../session/targets.ts';

export async function openRun(session: Session, argument: unknown): Promise<void> {
  const { run, manifest } = await runTarget(session, argument, l10n.t('Open Run'));
  await session.panels.openRun(run, manifest.asked.key);
}

/** All runs of the window in one table. */
export async function showAllRuns({ panels }: Session): Promise<void> {
  await panels.openRunTable();
}

export async function follow(session: Session, argument: unknown): Promise<void> {
  const item = await runTarget(session, argument, l10n.t('Follow Run'));
  await followRun(session, item.root, item.run, runName(item), true);
}

export async function resumeRun(session: Session, argument: unknown): Promise<void> {
  const none = l10n.t('No run can be resumed: none was stopped.');
  const item = await ownRunTarget(session, argument, l10n.t('Resume Run'), isResumable, none);
  const caps = item.view.stopped?.reason === 'budget' ? await askHigherCap(item) : {};
  await session.consents.ask(item.manifest.asked);
  await session.starter.resume(item, caps);
  await followRun(session, item.root, item.run, l10n.t`resume ${item.manifest.asked.key}`);
}

async function askHigherCap(item: RunItem) {
  const check = (text: string): string | null => {
    try {
      return parseCap(text) === undefined ? l10n.t('The run stopped at its cap: it needs a higher one') : null;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const prompt = `${item.view.stopped!.message} ${l10n.t('New cap over the whole run')}`;
  const text = await askText({ title: l10n.t`Resume ${runName(item)}`, prompt, placeholder: '$10, 5000 calls', check });
  return parseCap(text) ?? {};
}

export async function renameRun(session: Session, argument: unknown): Promise<void> {
  const item = await ownRunTarget(session, argument, l10n.t('Rename Run'));
  const { name: before, ...label } = item.label;
  const prompt = l10n.t('A name for the run; empty: program and time');
  const name = await askText({ title: l10n.t('Rename Run'), prompt, value: before ?? '' });
  await writeLabel(item.run.folder, { ...label, ...(name !== '' && { name }) });
  await session.runs.refresh();
}

export async function editRunNote(session: Session, argument: unknown): Promise<void> {
  const item = await ownRunTarget(session, argument, l10n.t('Edit Note'));
  const { note: before, ...label } = item.label;
  const note = await askText({
    title: l10n.t`Note on ${runName(item)}`,
    prompt: l10n.t('Shown when the run is hovered'),
    value: before ?? '',
  });
  await writeLabel(item.run.folder, { ...label, ...(note !== '' && { note }) });
  await session.runs.refresh();
}

/** Two states of a run in VS Code's diff editor: the program as written against the best, unless another is asked for. */
export async function showPromptChanges(session: Session, argument: unknown): Promise<void> {
  const none = l10n.t('No run has changed a prompt yet.');
  const title = l10n.t('Show Prompt Changes');
  const item = await runTarget(session, argument, title, ({ states }) => states !== null, none);
  const reader = await RunReader.open(item.run);
  const states = await reader.states();
  const first = states[0];
  const best = item.states?.best.prefix;
  const others = states.slice(1).toSorted((a, b) => Number(b.name === best) - Number(a.name === best));
  const ofSteps = others.map(({ name: step }) => ({
    label: stepName(step),
    ...(step === best && { description: l10n.t('best on dev') }),
    value: { step, candidate: null },
  }));
  // What the candidates scored is only in the log.
  while (await reader.advance());
  const choices = [...ofSteps, ...candidateChoices(await reader.candidates())];
  if (first === undefined || choices.length === 0) {
    throw new UsageError(l10n.t`${runName(item)} has no state to compare yet.`);
  }
  const placeholder = l10n.t`Compare ${stepName(first.name)} with`;
  const right =
    choices.length === 1 ? ofSteps[0]!.value : pick(await choose<StatePlace>({ title, placeholder, choices }));
  await diffStates(item.run, { step: first.name, candidate: null }, right, null);
}

/** By step, in the order of the search. */
function candidateChoices(candidates: readonly ShelvedCandidate[]): Choice<StatePlace>[] {
  const steps = [...new Set(candidates.map(({ step }) => step))];
  return steps.flatMap((step) => [
    { label: l10n.t`Candidates of ${stepName(step)}`, kind: vscode.QuickPickItemKind.Separator },
    ...candidates
      .filter((one) => one.step === step)
      .map((one) => ({
        label: l10n.t`${stepName(step)}, candidate ${one.candidate + 1}`,
        description: one.note,
        value: candidatePlace(one),
      })),
  ]);
}
