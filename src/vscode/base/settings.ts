import * as vscode from 'vscode';
import { lensSettings, notificationSettings, offerToolsSettings, section } from '../../editor/names.ts';

/** The extension's settings as they are now. Values of the wrong type, which VS Code lets through, count as unset. */
export function readSettings() {
  const settings = vscode.workspace.getConfiguration(section);
  const oneOf = <T extends string>(key: string, allowed: readonly T[], otherwise: T): T => {
    const value = settings.get<unknown>(key);
    return allowed.find((each) => each === value) ?? otherwise;
  };
  const capOf = settings.get<unknown>('optimize.defaultBudgetUsd');
  const home = settings.get<unknown>('embedded.home');
  const otlp = settings.get<unknown>('otlp.url');
  const python = settings.get<unknown>('python.interpreter');
  return {
    lenses: oneOf('lenses', lensSettings, 'all'),
    notifyRunEnd: oneOf('notifications.runEnd', notificationSettings, 'always'),
    offerTools: oneOf('agents.offerTools', offerToolsSettings, 'editor'),
    estimate: settings.get<unknown>('optimize.estimate') !== false,
    /** `null`: a new program gets no cap in dollars. */
    defaultBudgetUsd: typeof capOf === 'number' && capOf > 0 ? capOf : null,
    /** `null`: where the command line has it, else the extension's own storage. */
    embeddedHome: typeof home === 'string' && home.trim() !== '' ? home.trim() : null,
    /** `null`: no spans are sent. */
    otlpUrl: typeof otlp === 'string' && otlp.trim() !== '' ? otlp.trim() : null,
    otlpContent: settings.get<unknown>('otlp.content') === true,
    /** `null`: the Python extension's, else what is found. */
    python: typeof python === 'string' && python.trim() !== '' ? python.trim() : null,
  };
}
