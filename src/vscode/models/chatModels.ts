/** The models that VS Code has (`vscode.lm`), as the server of them asks them. */
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import type { EditorModel, EditorModels, Permission, Question, Turn } from '../../editor/models/editorModels.ts';

/** What VS Code shows in its own question. */
const justification = l10n.t(
  'Runs of BetterTogether ask this model where bettertogether.json names it: to write instructions, as a teacher or as a judge.',
);

/** Models that the person has allowed before: VS Code does not say so until it was asked in this window. */
const allowedKey = 'bettertogether.allowedModels';

const keyOf = ({ vendor, id }: Pick<EditorModel, 'vendor' | 'id'>): string => `${vendor}/${id}`;

export class ChatModels implements EditorModels {
  readonly #context: vscode.ExtensionContext;
  readonly #onWanted: (model: EditorModel) => void;

  /** @param onWanted a run waits for the permission to ask a model. */
  constructor(context: vscode.ExtensionContext, onWanted: (model: EditorModel) => void) {
    this.#context = context;
    this.#onWanted = onWanted;
  }

  async list(): Promise<readonly EditorModel[]> {
    return (await vscode.lm.selectChatModels()).map(modelOf);
  }

  permissionFor(model: EditorModel): Permission {
    const chat = chats.get(model);
    const can = chat === undefined ? undefined : this.#context.languageModelAccessInformation.canSendRequest(chat);
    if (can === false) return 'refused';
    return can === true || this.#allowed().includes(keyOf(model)) ? 'given' : 'not asked';
  }

  wantPermission(model: EditorModel): void {
    this.#onWanted(model);
  }

  /**
   * Asks the model for a word, which makes VS Code ask the person where it has to. Only after an act of theirs.
   *
   * @throws what VS Code throws where they said no, or the model's provider.
   */
  async askPermission(model: EditorModel, signal: AbortSignal): Promise<void> {
    const turns = [{ role: 'user', text: 'Answer with the word: ok' }] as const;
    for await (const piece of this.ask(model, { turns, options: {}, signal })) {
      // One piece shows it; the rest is not wanted.
      if (piece !== '') break;
    }
    const allowed = this.#allowed();
    if (allowed.includes(keyOf(model))) return;
    await this.#context.globalState.update(allowedKey, [...allowed, keyOf(model)]);
  }

  async *ask(model: EditorModel, { turns, options, signal }: Question): AsyncGenerator<string> {
    const source = new vscode.CancellationTokenSource();
    const cancel = (): void => source.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    try {
      const request = { justification, modelOptions: { ...options } };
      const response = await chatOf(model).sendRequest(turns.map(messageOf), request, source.token);
      for await (const piece of response.text) yield piece;
    } finally {
      signal.removeEventListener('abort', cancel);
      // Where the reader left before the end, nothing more is to be made.
      cancel();
      source.dispose();
    }
  }

  async countTokens(model: EditorModel, text: string | Turn, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    return chatOf(model).countTokens(typeof text === 'string' ? text : messageOf(text));
  }

  #allowed(): readonly string[] {
    const kept = this.#context.globalState.get<unknown>(allowedKey);
    return Array.isArray(kept) ? kept.filter((each) => typeof each === 'string') : [];
  }
}

const chats = new WeakMap<EditorModel, vscode.LanguageModelChat>();

function modelOf(chat: vscode.LanguageModelChat): EditorModel {
  const { id, vendor, family, version, name, maxInputTokens } = chat;
  const model: EditorModel = { id, vendor, family, version, title: name, maxInputTokens };
  chats.set(model, chat);
  return model;
}

function chatOf(model: EditorModel): vscode.LanguageModelChat {
  const chat = chats.get(model);
  if (chat === undefined) throw vscode.LanguageModelError.NotFound(`Model ${keyOf(model)} was not found.`);
  return chat;
}

function messageOf({ role, text }: Turn): vscode.LanguageModelChatMessage {
  return role === 'user' ? vscode.LanguageModelChatMessage.User(text) : vscode.LanguageModelChatMessage.Assistant(text);
}
