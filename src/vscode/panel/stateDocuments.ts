/**
 * States of runs as read-only documents, so that VS Code's own diff editor can show them: as plain text, for a model wrote
 * parts of them, and in Markdown a click on `[text](command:…)` runs a command.
 */
import { resolve } from 'node:path';
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import * as z from 'zod';
import { HumanError } from '../../base/errors.ts';
import { workspaceAround } from '../../run/record/runFolder.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import type { SourceLocation } from '../../data/program.ts';
import { uiText } from '../../editor/uiText.ts';
import { showPlace } from '../base/showPlace.ts';
import { isRunOfWindow } from './windowRuns.ts';
import { RunReader } from '../../page/runReader.ts';
import type { StatePlace } from '../../page/knownStates.ts';
import { stateText } from '../../page/stateText.ts';
import { stepName } from '../../view/words.ts';

const stateScheme = 'bettertogether-state';

const querySchema = z.object({
  id: z.string(),
  folder: z.string(),
  step: z.string(),
  candidate: z.object({ place: z.number(), hash: z.string() }).nullable().default(null),
  predictor: z.string().nullable(),
});

/** Everything is in the URI: a diff that was open is there again after a reload. */
export function registerStateDocuments(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(stateScheme, {
    async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
      const { step, candidate, predictor, ...run } = querySchema.parse(JSON.parse(uri.query));
      if (!isRunOfWindow(run)) throw new HumanError(l10n.t`Run ${run.id} is not in a folder that is open.`);
      const reader = await RunReader.open(run);
      const state =
        candidate === null
          ? (await reader.states()).find(({ name }) => name === step)?.state
          : await reader.candidateState(candidate.hash);
      if (state === undefined)
        throw new HumanError(l10n.t`Run ${run.id} has no state "${labelOf({ step, candidate })}".`);
      return stateText(state, predictor);
    },
  });
}

/** Shows two states, or one predictor of them, beside each other. */
export async function diffStates(
  run: RunLocation,
  left: StatePlace,
  right: StatePlace,
  predictor: string | null,
): Promise<void> {
  const uri = ({ step, candidate }: StatePlace): vscode.Uri =>
    vscode.Uri.from({
      scheme: stateScheme,
      path: `/${run.id}/${labelOf({ step, candidate })}/${predictor ?? 'program'}.txt`,
      query: JSON.stringify({ ...run, step, candidate, predictor }),
    });
  const title = `${predictor ?? l10n.t('Prompts')}: ${labelOf(left)} ↔ ${labelOf(right)}`;
  await vscode.commands.executeCommand('vscode.diff', uri(left), uri(right), uiText(title), { preview: true });
}

export async function showSource(run: RunLocation, place: SourceLocation): Promise<void> {
  const file = resolve(workspaceAround(run.folder), place.file);
  try {
    await showPlace({ ...place, file }, vscode.ViewColumn.Beside);
  } catch (error) {
    throw new HumanError(l10n.t`${file} could not be opened; it may have been moved since the run.`, { cause: error });
  }
}

function labelOf({ step, candidate }: StatePlace): string {
  const name = stepName(step);
  return candidate === null ? name : l10n.t`${name}, candidate ${candidate.place + 1}`;
}
