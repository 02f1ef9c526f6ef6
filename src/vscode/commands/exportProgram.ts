import { trains } from '../../config/steps.ts';
import { serviceKeepsWeights } from '../../config/trainer.ts';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { ResolvedEndpoint } from '../../config/resolved.ts';
import { fileNameOf } from '../../base/fileName.ts';
import { loadingCodeOf } from '../../run/export/loadingCode.ts';
import { exportFormatNames, exportFormats, languages } from '../../data/language.ts';
import type { ExportFormat } from '../../data/language.ts';
import { stepName } from '../../view/words.ts';
import { runCli } from '../processes/childProcess.ts';
import type { Session } from '../session/session.ts';
import { Dismissed } from '../base/errors.ts';
import { notify } from '../base/messages.ts';
import { uiText } from '../../editor/uiText.ts';
import { choose } from '../base/picker.ts';
import type { Choice } from '../base/picker.ts';
import { runName } from '../../editor/items/runItem.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { ownRunTarget, pick } from '../session/targets.ts';

interface What {
  readonly format: ExportFormat;
  readonly best: boolean;
  readonly weights: boolean;
}

/** Writes a state of a run to a file that the program loads; adapters that this machine sees to a folder. */
export async function exportProgram(session: Session, argument: unknown): Promise<void> {
  const none = 'No run has a state to export yet: no step of one has finished.';
  const item = await ownRunTarget(session, argument, 'Export Program', ({ states }) => states !== null, none);
  const title = `Export ${runName(item)}`;
  const what = pick(await choose({ title, placeholder: 'What to take home', choices: choicesFor(item) }));
  const { key } = item.manifest.asked;
  const name = `${fileNameOf(key, 'program')}.${what.best ? 'best' : 'final'}.json`;
  const file = await vscode.window.showSaveDialog({
    title: uiText(title),
    defaultUri: vscode.Uri.file(join(item.root, name)),
    filters: { 'State of a program': ['json'] },
  });
  if (file === undefined) throw new Dismissed();
  const folder = what.weights ? await askFolder(item.root) : null;
  const args = ['export', item.run.id, '--format', what.format, '--out', file.fsPath];
  const options = [...(what.best ? ['--best'] : []), ...(folder === null ? [] : ['--weights', folder])];
  await runCli([...args, ...options], {
    cli: session.cli,
    cwd: item.root,
    env: await session.environment(item.root),
    onLine: (line) => session.log.info(line),
  });
  const { state } = what.best ? item.states!.best : item.states!.final;
  await tell(file, loadingCodeOf(item.manifest, state, what.format, file.fsPath), folder);
}

function choicesFor({ manifest, states }: RunItem): Choice<What>[] {
  const own = languages[manifest.program?.language ?? 'typescript'].exportFormat;
  const formats = [own, ...exportFormatNames.filter((format) => format !== own)];
  const { final, best } = states!;
  const ends =
    final.prefix === best.prefix
      ? [{ best: false, prefix: final.prefix, name: 'final and best' }]
      : [
          { best: true, prefix: best.prefix, name: 'best on dev' },
          { best: false, prefix: final.prefix, name: 'final' },
        ];
  const tuned = trains(manifest.asked) && mayHaveWeights(manifest.asked.endpoint);
  return ends.flatMap(({ best: isBest, prefix, name }) =>
    formats.flatMap((format) => {
      const description = `for ${exportFormats[format].readBy}`;
      const choice = { label: `${stepName(prefix)} (${name})`, description };
      const plain: Choice<What> = { ...choice, value: { format, best: isBest, weights: false } };
      if (!tuned) return [plain];
      const detail = 'with the adapters: PEFT, and GGUF where it can be made';
      return [plain, { ...choice, detail, value: { format, best: isBest, weights: true } }];
    }),
  );
}

/** A service that trains and serves keeps what it trained. The export finds out whose adapters are here. */
function mayHaveWeights(endpoint: ResolvedEndpoint): boolean {
  return !serviceKeepsWeights(endpoint);
}

async function askFolder(root: string): Promise<string> {
  const [folder] =
    (await vscode.window.showOpenDialog({
      title: 'Folder for the adapters',
      defaultUri: vscode.Uri.file(root),
      canSelectFiles: false,
      canSelectFolders: true,
      openLabel: 'Put Adapters Here',
    })) ?? [];
  if (folder === undefined) throw new Dismissed();
  return folder.fsPath;
}

/** @param code that loads the file, where the program can. */
async function tell(file: vscode.Uri, code: ReturnType<typeof loadingCodeOf>, folder: string | null): Promise<void> {
  const path = vscode.workspace.asRelativePath(file);
  const open = 'Open File';
  const copy = 'Copy Code That Loads It';
  const weights = folder === null ? '' : ` The adapters are in ${folder}.`;
  const actions = code === null ? [open] : [open, copy];
  const chosen = await notify('info', `Exported to ${path}.${weights}`, ...actions);
  if (chosen === open) await vscode.window.showTextDocument(file);
  if (chosen === copy) await vscode.env.clipboard.writeText(String(code));
}
