/**
 * The language of the editor, for every `l10n.t` of this bundle. The entry points import it before all else, because
 * constants of other modules are such strings too. Processes of the command line speak English.
 */
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

if (vscode.l10n.bundle !== undefined) l10n.config({ contents: vscode.l10n.bundle });
