/** The editor's models, as a test leads them. */
import type { EditorModel, EditorModels, Permission, Question, Turn } from '../../src/editor/models/editorModels.ts';

export const gpt: EditorModel = {
  id: 'gpt-4o',
  vendor: 'copilot',
  family: 'gpt-4o',
  version: '2024-11-20',
  title: 'GPT-4o',
  maxInputTokens: 64_000,
};

export class ScriptedModels implements EditorModels {
  models: readonly EditorModel[] = [gpt];
  permission: Permission = 'given';
  /** Pieces of an answer; what it throws is the provider's error. */
  answer: (question: Question) => string | readonly string[] | Promise<string | readonly string[]> = () => 'an answer';
  /** Questions that were answered whole. */
  readonly answered: Question[] = [];
  readonly asked: Question[] = [];
  readonly wanted: EditorModel[] = [];
  /** Questions that were left before their end. */
  left = 0;

  list(): Promise<readonly EditorModel[]> {
    return Promise.resolve(this.models);
  }
  permissionFor(): Permission {
    return this.permission;
  }
  wantPermission(model: EditorModel): void {
    this.wanted.push(model);
  }
  async *ask(_: EditorModel, question: Question): AsyncGenerator<string> {
    this.asked.push(question);
    const aborted = new Promise<never>((_resolve, reject) => {
      question.signal.addEventListener('abort', () => reject(new Error('Canceled')), { once: true });
    });
    aborted.catch(() => undefined);
    let isWhole = false;
    try {
      for (const piece of [await Promise.race([this.answer(question), aborted])].flat()) yield piece;
      isWhole = true;
      this.answered.push(question);
    } finally {
      if (!isWhole) this.left++;
    }
  }
  countTokens(_: EditorModel, text: string | Turn): Promise<number> {
    const content = typeof text === 'string' ? text : text.text;
    return Promise.resolve(content.split(/\s+/).length);
  }
}

/** As VS Code throws it. */
export function modelError(code: string, message: string): Error {
  return Object.assign(new Error(message), { name: code === 'Unknown' ? 'Error' : code, code });
}
