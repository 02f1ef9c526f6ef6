import * as l10n from '../../base/l10n.ts';
import { trains } from '../../config/steps.ts';
import { serviceKeepsWeights } from '../../config/trainer.ts';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { ResolvedEndpoint } from '../../config/resolved.ts';
import { fileNameOf } from '../../base/fileName.ts';
import { loadingCodeOf } from '../../run/export/loadingCode.ts';
import { exportFormatNames, languages } from '../../data/language.ts';
import type { ExportFormat } from '../../data/language.ts';
import { stepName } from '../../view/words.ts';
import { runCli } from '../processes/childProcess.ts';
import type { Session } from '../session/session.ts';
import { Dismissed } from '../base/errors.ts';
import { notify, withProgress } from '../base/messages.ts';
import { insertCell } from '../base/newCell.ts';
import { isNotebook } from '../../notebook/notebookText.ts';
import { programId } from '../../editor/items/programItem.ts';
import { uiText } from '../../editor/uiText.ts';
import { choose } from '../base/picker.ts';
import type { Choice } from '../base/picker.ts';
import { runName } from '../../editor/items/runItem.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { doToEach, ownRunTargets, selected } from '../session/selection.ts';
import { pick } from '../session/targets.ts';

interface What {
  readonly format: ExportFormat;
  readonly best: boolean;
  readonly weights: boolean;
}

/**
 * Writes a state of a run to a file that the program loads; adapters that this machine sees to a folder. Of several runs
 * that are selected, a state of each goes to a folder.
 */
export async function exportProgram(session: Session, argument: unknown, all?: unknown): Promise<void> {
  const none = l10n.t('No run has a state to export yet: no step of one has finished.');
  const hasState = ({ states }: RunItem): boolean => states !== null;
  const items = await ownRunTargets(session, selected(argument, all), l10n.t('Export Program'), hasState, none);
  const [first, ...others] = items;
  await (first !== undefined && others.length === 0 ? exportOne(session, first) : exportSeveral(session, items));
}

async function exportOne(session: Session, item: RunItem): Promise<void> {
  const title = l10n.t`Export ${runName(item)}`;
  const what = pick(await choose({ title, placeholder: l10n.t('What to take home'), choices: choicesFor(item) }));
  const { key } = item.manifest.asked;
  const name = `${fileNameOf(key, 'program')}.${nameOf(what)}.json`;
  const file = await vscode.window.showSaveDialog({
    title: uiText(title),
    defaultUri: vscode.Uri.file(join(item.root, name)),
    filters: { [l10n.t('State of a program')]: ['json'] },
  });
  if (file === undefined) throw new Dismissed();
  const folder = what.weights
    ? await askFolder(item.root, l10n.t('Folder for the adapters'), l10n.t('Put Adapters Here'))
    : null;
  await writeState(session, item, what, file.fsPath, folder);
  const { state } = what.best ? item.states!.best : item.states!.final;
  await tell(session, item, { file, code: loadingCodeOf(item.manifest, state, what.format, file.fsPath), folder });
}

/** Without adapters, of which those of one run can be large. */
async function exportSeveral(session: Session, items: readonly RunItem[]): Promise<void> {
  const title = l10n.t`Export ${items.length} runs`;
  const formats = [...new Set(items.map(ownFormat))];
  const choices: Choice<What>[] = formats.flatMap((format) =>
    [true, false].map((best) => ({
      label: best ? l10n.t('Best on dev of each') : l10n.t('Final state of each'),
      description: readBy[format],
      value: { format, best, weights: false },
    })),
  );
  const what = pick(await choose({ title, placeholder: l10n.t('What to take home'), choices }));
  const folder = await askFolder(items[0]!.root, title, l10n.t('Export Here'));
  await withProgress(title, ({ report }) => {
    const write = async (item: RunItem): Promise<void> => {
      report(runName(item));
      const name = `${fileNameOf(item.manifest.asked.key, 'program')}.${item.run.id}.${nameOf(what)}.json`;
      await writeState(session, item, what, join(folder, name), null);
    };
    const partly = (done: number, of: number, problems: string): string =>
      l10n.t`Exported a state of ${done} of ${of} runs to ${folder}. Not exported: ${problems}`;
    return doToEach(items, write, { partly });
  });
  await notify('info', l10n.t`Exported a state of each of ${items.length} runs to ${folder}.`);
}

/** What loads a state of the format. */
const readBy: Readonly<Record<ExportFormat, string>> = {
  dspy: l10n.t("for DSPy's Module.load"),
  json: l10n.t('for program.load of "bettertogether"'),
};

const nameOf = ({ best }: What): string => (best ? 'best' : 'final');

async function writeState(
  session: Session,
  { root, run }: RunItem,
  { format, best }: What,
  file: string,
  weights: string | null,
): Promise<void> {
  const args = ['export', run.id, '--format', format, '--out', file];
  const options = [...(best ? ['--best'] : []), ...(weights === null ? [] : ['--weights', weights])];
  await runCli([...args, ...options], {
    cli: session.cli,
    cwd: root,
    env: await session.environment(root),
    onLine: (line) => session.log.info(line),
  });
}

const ownFormat = ({ manifest }: RunItem): ExportFormat =>
  languages[manifest.program?.language ?? 'typescript'].exportFormat;

function choicesFor(item: RunItem): Choice<What>[] {
  const { manifest, states } = item;
  const own = ownFormat(item);
  const formats = [own, ...exportFormatNames.filter((format) => format !== own)];
  const { final, best } = states!;
  const ends =
    final.prefix === best.prefix
      ? [{ best: false, prefix: final.prefix, name: l10n.t('final and best') }]
      : [
          { best: true, prefix: best.prefix, name: l10n.t('best on dev') },
          { best: false, prefix: final.prefix, name: l10n.t('final') },
        ];
  const tuned = trains(manifest.asked) && mayHaveWeights(manifest.asked.endpoint);
  return ends.flatMap(({ best: isBest, prefix, name }) =>
    formats.flatMap((format) => {
      const description = readBy[format];
      const choice = { label: `${stepName(prefix)} (${name})`, description };
      const plain: Choice<What> = { ...choice, value: { format, best: isBest, weights: false } };
      if (!tuned) return [plain];
      const detail = l10n.t('with the adapters: PEFT, and GGUF where it can be made');
      return [plain, { ...choice, detail, value: { format, best: isBest, weights: true } }];
    }),
  );
}

/** A service that trains and serves keeps what it trained. The export finds out whose adapters are here. */
function mayHaveWeights(endpoint: ResolvedEndpoint): boolean {
  return !serviceKeepsWeights(endpoint);
}

async function askFolder(root: string, title: string, openLabel: string): Promise<string> {
  const [folder] =
    (await vscode.window.showOpenDialog({
      title: uiText(title),
      defaultUri: vscode.Uri.file(root),
      canSelectFiles: false,
      canSelectFolders: true,
      openLabel,
    })) ?? [];
  if (folder === undefined) throw new Dismissed();
  return folder.fsPath;
}

interface Exported {
  readonly file: vscode.Uri;
  /** Loads the file, where the program can. */
  readonly code: ReturnType<typeof loadingCodeOf>;
  /** Of the adapters. */
  readonly folder: string | null;
}

async function tell(session: Session, { manifest }: RunItem, { file, code, folder }: Exported): Promise<void> {
  const { program } = manifest.asked;
  const path = vscode.workspace.asRelativePath(file);
  const open = l10n.t('Open File');
  const copy = l10n.t('Copy Code That Loads It');
  const weights = folder === null ? '' : ` ${l10n.t`The adapters are in ${folder}.`}`;
  const cell = l10n.t('Write a Cell');
  const inNotebook = code?.language === 'python' && isNotebook(program.file);
  const actions = [open, ...(code === null ? [] : [copy]), ...(inNotebook ? [cell] : [])];
  const chosen = await notify('info', `${l10n.t`Exported to ${path}.`}${weights}`, ...actions);
  if (chosen === open) await vscode.window.showTextDocument(file);
  if (chosen === copy) await vscode.env.clipboard.writeText(String(code));
  if (chosen === cell && inNotebook) {
    const known = session.programs.all.find((each) => programId(each) === programId(program));
    await insertCell(program.file, known?.cell, code);
  }
}
