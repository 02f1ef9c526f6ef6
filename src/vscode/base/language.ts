/**
 * The language of the editor, for every `l10n.t` of this bundle. The entry points import it before all else, because
 * constants of other modules are such strings too. Processes of the command line speak English.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';

if (vscode.l10n.bundle !== undefined) l10n.config({ contents: vscode.l10n.bundle });

type Reader = 'model' | 'person';
const reader = new AsyncLocalStorage<Reader>();
l10n.speakEnglishWhere(() => reader.getStore() === 'model');

/** Work whose words, errors among them, a language model reads: they are in English. */
export const forModel = <Result>(work: () => Result): Result => reader.run('model', work);

/** Work within it whose words a person reads: what they are asked, and what listeners of the views show. */
export const forPerson = <Result>(work: () => Result): Result => reader.run('person', work);
