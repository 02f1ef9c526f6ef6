/** What a command was called on: an argument of a lens, a tree or a notification, or, without one, what is picked. */
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { UsageError } from '../../base/errors.ts';
import type { Session } from './session.ts';
import { Dismissed, MendableError } from '../base/errors.ts';
import { commandIds } from '../../editor/names.ts';
import { folderNameOf } from '../base/folders.ts';
import { back, choose } from '../base/picker.ts';
import type { Choice } from '../base/picker.ts';
import { canRun, programId, programTitle } from '../../editor/items/programItem.ts';
import type { ProgramItem } from '../../editor/items/programItem.ts';
import { placeText } from '../../base/placeText.ts';
import { isNotebook } from '../../notebook/notebookText.ts';
import { placeOf } from '../base/openNotebooks.ts';
import { requireOwnRun } from './adoption.ts';
import { runName } from '../../editor/items/runItem.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { whatItReached, whichRun } from '../../editor/items/runText.ts';
import { runStatusWord } from '../../view/runRow.ts';

/** The program of a lens, of a node of the tree, or of a file; of several, the one at the cursor first in a list. */
export async function programTarget({ programs }: Session, argument: unknown, title: string): Promise<ProgramItem> {
  const file = asFile(argument);
  if (file !== null) return programIn(programs.inFile(file), file, title);
  const named = asProgram(argument);
  // A lens may be older than the source: the index knows where the program is now.
  const known = named && programs.all.find((each) => programId(each) === programId(named));
  if (known !== null && known !== undefined) return known;
  // From the palette it may be the command itself that the extension was started by.
  if (programs.all.length === 0) await programs.refresh();
  const all = programs.all.filter(canRun);
  if (all.length === 0) {
    const none = l10n.t(
      'No LM program was found here. Open a folder with a DSPy module or a program that imports "bettertogether".',
    );
    const run = async (): Promise<void> => void (await vscode.commands.executeCommand(commandIds.createSample));
    throw new MendableError(new UsageError(none), { title: l10n.t('Create Sample Project'), run });
  }
  const sorted = nearestFirst(all);
  if (sorted.length === 1) return sorted[0]!;
  return choiceOf(sorted, title);
}

async function programIn(inFile: readonly ProgramItem[], file: string, title: string): Promise<ProgramItem> {
  const programs = inFile.filter(canRun);
  const path = vscode.workspace.asRelativePath(file);
  if (programs.length === 0) throw new UsageError(l10n.t`${path} has no LM program.`);
  if (programs.length === 1) return programs[0]!;
  return choiceOf(nearestFirst(programs), title);
}

/** First the one at the cursor, the last that begins at or above it; then the others of the file in front. */
function nearestFirst(programs: readonly ProgramItem[]): readonly ProgramItem[] {
  const file = fileInFront();
  const inFront = programs.filter((program) => program.file === file);
  const cursor = cursorPlace();
  const above = inFront.filter((program) => cursor !== null && program.line !== null && inOrder(program, cursor) <= 0);
  const here = above.toSorted(inOrder).slice(-1);
  return [...new Set([...here, ...inFront, ...programs])];
}

interface Place {
  readonly file: string;
  readonly line: number | null;
  readonly cell?: number | null;
}

function cursorPlace(): Place | null {
  const editor = vscode.window.activeTextEditor;
  const place = editor === undefined ? null : placeOf(editor.document);
  return place === null ? null : { ...place, line: editor!.selection.active.line + 1 };
}

/** Of two places in one file. Lines of a notebook are those of a cell; marimo's are the file's. */
function inOrder(a: Place, b: Place): number {
  const byCell = isNotebook(a.file) ? (a.cell ?? 0) - (b.cell ?? 0) : 0;
  return byCell || (a.line ?? 0) - (b.line ?? 0);
}

async function choiceOf(programs: readonly ProgramItem[], title: string): Promise<ProgramItem> {
  const choices = programs.map((value) => ({ label: programTitle(value), description: whereItIs(value), value }));
  return pick(await choose({ title, placeholder: l10n.t('Program'), choices }));
}

/** A notebook may be in front without the cursor in one of its cells. */
function fileInFront(): string | undefined {
  const { activeTextEditor, activeNotebookEditor } = vscode.window;
  return activeTextEditor?.document.uri.fsPath ?? activeNotebookEditor?.notebook.uri.fsPath;
}

function whereItIs({ file, line, ...place }: ProgramItem): string {
  const path = vscode.workspace.asRelativePath(file);
  return line === null ? path : placeText({ ...place, file: path, line });
}

/** The run that was named by its folder or by a node; otherwise picked from those that will do. */
export async function runTarget(
  { runs }: Session,
  argument: unknown,
  title: string,
  suits: (run: RunItem) => boolean = () => true,
  none = l10n.t('There is no run yet: "BetterTogether: Optimize Program" starts one.'),
): Promise<RunItem> {
  await runs.refresh();
  const folder = asRunFolder(argument);
  const known = folder === null ? undefined : runs.get(folder);
  if (known !== undefined) return known;
  if (folder !== null) throw new UsageError(l10n.t`The run in ${folder} is not there any more.`);
  const suitable = runs.all.filter(suits).toReversed();
  if (suitable.length === 0) throw new UsageError(none);
  if (suitable.length === 1) return suitable[0]!;
  return pick(await choose({ title, placeholder: l10n.t('Run'), choices: suitable.map(runChoice) }));
}

/** A run in a list of many: with all that tells it from the others. */
export function runChoice(value: RunItem): Choice<RunItem> {
  const parts = [whichRun(value), runStatusWord[value.status], whatItReached(value), folderNameOf(value.root)];
  return { label: runName(value), description: parts.filter(Boolean).join(' · '), value };
}

/** The same, for what is more than looking: a run that came with the folder is taken over first, or not touched. */
export async function ownRunTarget(...asked: Parameters<typeof runTarget>): Promise<RunItem> {
  const item = await runTarget(...asked);
  await requireOwnRun(item);
  const [{ runs }] = asked;
  await runs.refresh();
  return runs.get(item.run.folder) ?? item;
}

export function pick<T>(chosen: T | typeof back): T {
  if (chosen === back) throw new Dismissed();
  return chosen;
}

/** Menus of a file and of an editor give its address; a key means the file in front (`args` in package.json). */
function asFile(argument: unknown): string | null {
  if (typeof argument !== 'object' || argument === null) return null;
  if ('inFront' in argument) return fileInFront() ?? null;
  return 'fsPath' in argument && typeof argument.fsPath === 'string' ? argument.fsPath : null;
}

function asProgram(argument: unknown): ProgramItem | null {
  if (typeof argument !== 'object' || argument === null) return null;
  if ('program' in argument) return asProgram(argument.program);
  return 'file' in argument && 'name' in argument && 'root' in argument ? (argument as ProgramItem) : null;
}

export function asRunFolder(argument: unknown): string | null {
  if (typeof argument === 'string') return argument;
  if (typeof argument !== 'object' || argument === null || !('run' in argument)) return null;
  const { run } = argument;
  if (typeof run !== 'object' || run === null) return null;
  // A node holds an item, an item holds a location.
  return 'folder' in run && typeof run.folder === 'string' ? run.folder : asRunFolder(run);
}
