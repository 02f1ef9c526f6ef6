/** What mends errors, as buttons beside them. */
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { basename } from 'node:path';
import type { Mend } from '../../base/mend.ts';
import { placeText } from '../../base/placeText.ts';
import { commandIds, pythonSetting, section } from '../../editor/names.ts';
import { uiText } from '../../editor/uiText.ts';
import { showPlace } from './showPlace.ts';
import { runVisibly } from './visibleProgram.ts';
import { requireTrust } from './trust.ts';

/** What fixes an error, as a button beside it. */
export interface Remedy {
  readonly title: string;
  run(): Promise<void>;
}

export function remedyOf(mend: Mend): Remedy {
  switch (mend.kind) {
    case 'interpreter':
      return { title: l10n.t('Select Interpreter'), run: selectInterpreter };
    case 'place':
      return {
        title: uiText(l10n.t`Go to ${placeText({ ...mend, file: basename(mend.file) })}`),
        run: () => showPlace(mend),
      };
    case 'install':
      return { title: uiText(l10n.t`Install ${mend.what}`), run: () => install(mend) };
    case 'apiKey':
      return { title: l10n.t('Set API Key'), run: () => command(commandIds.setApiKey) };
    case 'endpoint':
      return { title: l10n.t('Test Endpoint'), run: () => command(commandIds.testEndpoint) };
  }
}

async function command(id: string, ...args: readonly unknown[]): Promise<void> {
  await vscode.commands.executeCommand(id, ...args);
}

/** Our own setting goes before what is chosen in the Python extension: where it is set, that is what to change. */
async function selectInterpreter(): Promise<void> {
  const isSet = (vscode.workspace.getConfiguration(section).get<unknown>(pythonSetting) ?? '') !== '';
  const hasExtension = vscode.extensions.getExtension('ms-python.python') !== undefined;
  if (hasExtension && !isSet) return command('python.setInterpreter');
  return command('workbench.action.openSettings', `${section}.${pythonSetting}`);
}

async function install({ what, command: line, folder }: Extract<Mend, { kind: 'install' }>): Promise<void> {
  requireTrust(l10n.t`Installing ${what}`);
  const [program, ...args] = line;
  if (program !== undefined) await runVisibly(l10n.t`Install ${what}`, { program, args, folder });
}
