import { rm } from 'node:fs/promises';
import * as vscode from 'vscode';
import { UsageError } from '../../base/errors.ts';
import { writeLabel } from '../../run/record/label.ts';
import { workerOf } from '../../run/reading/summary.ts';
import { stepName } from '../../view/words.ts';
import { asComparison } from './compareStrategies.ts';
import type { Session } from '../session/session.ts';
import { Dismissed } from '../base/errors.ts';
import { agreesTo } from '../base/messages.ts';
import type { Agreement } from '../base/messages.ts';
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
import { ownRunTarget, pick, runTarget, runsIn } from '../session/targets.ts';

export async function openRun(session: Session, argument: unknown): Promise<void> {
  const { run, manifest } = await runTarget(session, argument, 'Open Run');
  await session.panels.openRun(run, manifest.asked.key);
}

/** All runs of the window in one table. */
export async function showAllRuns({ panels }: Session): Promise<void> {
  await panels.openRunTable();
}

export async function follow(session: Session, argument: unknown): Promise<void> {
  const item = await runTarget(session, argument, 'Follow Run');
  await followRun(session, item.root, item.run, runName(item));
}

export async function resumeRun(session: Session, argument: unknown): Promise<void> {
  const none = 'No run can be resumed: none was stopped.';
  const item = await ownRunTarget(session, argument, 'Resume Run', isResumable, none);
  const caps = item.view.stopped?.reason === 'budget' ? await askHigherCap(item) : {};
  await session.consents.ask(item.manifest.asked);
  await session.starter.resume(item, caps);
  await followRun(session, item.root, item.run, `resume ${item.manifest.asked.key}`);
}

async function askHigherCap(item: RunItem) {
  const check = (text: string): string | null => {
    try {
      return parseCap(text) === undefined ? 'The run stopped at its cap: it needs a higher one' : null;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const prompt = `${item.view.stopped!.message} New cap over the whole run`;
  const text = await askText({ title: `Resume ${runName(item)}`, prompt, placeholder: '$10, 5000 calls', check });
  return parseCap(text) ?? {};
}

export async function cancelRun(session: Session, argument: unknown): Promise<void> {
  const isRunning = ({ status }: RunItem): boolean => status === 'running';
  const comparison = asComparison(argument);
  if (comparison !== null && !comparison.madeHere) {
    throw new UsageError(
      'This comparison was not made by you on this machine: it names runs that somebody else chose.',
    );
  }
  // A comparison works on one cell at a time; stopping that run stops all of it.
  const cell = comparison?.comparison.cells.find(({ status }) => status === 'running');
  const target = comparison === null ? argument : session.runs.all.find(({ run }) => run.id === cell?.run)?.run.folder;
  if (comparison !== null && target === undefined)
    throw new UsageError('The comparison is between two runs: try again.');
  const item = await ownRunTarget(session, target, 'Cancel Run', isRunning, 'No run is at work.');
  await session.starter.cancel(item);
}

export async function renameRun(session: Session, argument: unknown): Promise<void> {
  const item = await ownRunTarget(session, argument, 'Rename Run');
  const { name: before, ...label } = item.label;
  const prompt = 'A name for the run; empty: program and time';
  const name = await askText({ title: 'Rename Run', prompt, value: before ?? '' });
  await writeLabel(item.run.folder, { ...label, ...(name !== '' && { name }) });
  await session.runs.refresh();
}

export async function editRunNote(session: Session, argument: unknown): Promise<void> {
  const item = await ownRunTarget(session, argument, 'Edit Note');
  const { note: before, ...label } = item.label;
  const note = await askText({
    title: `Note on ${runName(item)}`,
    prompt: 'Shown when the run is hovered',
    value: before ?? '',
  });
  await writeLabel(item.run.folder, { ...label, ...(note !== '' && { note }) });
  await session.runs.refresh();
}

/** All runs that are selected, or one. */
export async function deleteRun(session: Session, argument: unknown, all: unknown): Promise<void> {
  const selected = runsIn(session, Array.isArray(all) ? all : []);
  const named = selected.length > 1 ? selected.map(({ run }) => run.folder) : [argument];
  const items: RunItem[] = [];
  for (const each of named) {
    items.push(await ownRunTarget(session, each, 'Delete Run', ({ status }) => status !== 'running'));
  }
  if (!(await agreesTo(deletion(items)))) throw new Dismissed();
  // Somebody may have resumed one while the question was open.
  const working = items.find(({ run }) => workerOf(run) !== null);
  if (working !== undefined) throw new UsageError(`${runName(working)} is at work. Cancel it first.`);
  for (const { run } of items) await rm(run.folder, { recursive: true, force: true });
  await session.runs.refresh();
}

/** More than these are not named one by one. */
const namedAtMost = 10;

function deletion(items: readonly RunItem[]): Agreement {
  const parts = { kind: 'warning', action: 'Delete' } as const;
  const what = 'log, traces, training rows and state are removed for good. Remembered answers and trained models stay.';
  const [first] = items;
  if (items.length === 1) {
    return { ...parts, question: `Delete ${runName(first!)}?`, detail: `Its ${what} ${first!.run.folder}` };
  }
  const more = items.length - namedAtMost;
  const lines = [...items.slice(0, namedAtMost).map(runName), ...(more > 0 ? [`and ${more} more`] : [])];
  return { ...parts, question: `Delete ${items.length} runs?`, detail: [`Their ${what}`, '', ...lines] };
}

/** Two states of a run in VS Code's diff editor: the program as written against the best, unless another is asked for. */
export async function showPromptChanges(session: Session, argument: unknown): Promise<void> {
  const none = 'No run has changed a prompt yet.';
  const item = await runTarget(session, argument, 'Show Prompt Changes', ({ states }) => states !== null, none);
  const reader = await RunReader.open(item.run);
  const states = await reader.states();
  const first = states[0];
  const best = item.states?.best.prefix;
  const others = states.slice(1).toSorted((a, b) => Number(b.name === best) - Number(a.name === best));
  const ofSteps = others.map(({ name: step }) => ({
    label: stepName(step),
    ...(step === best && { description: 'best on dev' }),
    value: { step, candidate: null },
  }));
  // What the candidates scored is only in the log.
  while (await reader.advance());
  const choices = [...ofSteps, ...candidateChoices(await reader.candidates())];
  if (first === undefined || choices.length === 0) {
    throw new UsageError(`${runName(item)} has no state to compare yet.`);
  }
  const placeholder = `Compare ${stepName(first.name)} with`;
  const right =
    choices.length === 1
      ? ofSteps[0]!.value
      : pick(await choose<StatePlace>({ title: 'Show Prompt Changes', placeholder, choices }));
  await diffStates(item.run, { step: first.name, candidate: null }, right, null);
}

/** By step, in the order of the search. */
function candidateChoices(candidates: readonly ShelvedCandidate[]): Choice<StatePlace>[] {
  const steps = [...new Set(candidates.map(({ step }) => step))];
  return steps.flatMap((step) => [
    { label: `Candidates of ${stepName(step)}`, kind: vscode.QuickPickItemKind.Separator },
    ...candidates
      .filter((one) => one.step === step)
      .map((one) => ({
        label: `${stepName(step)}, candidate ${one.candidate + 1}`,
        description: one.note,
        value: candidatePlace(one),
      })),
  ]);
}
