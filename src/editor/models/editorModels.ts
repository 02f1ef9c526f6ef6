/** The models that the editor has, as far as a server of them needs to know, without `vscode`. */

export interface EditorModel {
  /** `gpt-4o`; unique within its vendor. */
  readonly id: string;
  /** `copilot` */
  readonly vendor: string;
  readonly family: string;
  readonly version: string;
  /** For people: `GPT-4o`. */
  readonly title: string;
  /** Tokens of a prompt at most. */
  readonly maxInputTokens: number;
}

/** The editor knows no other role. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

export interface Question {
  readonly turns: readonly Turn[];
  /** Passed on to the model's provider, who may not heed them. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/** Whether this extension may ask a model; the person is asked by the editor, and only after an act of theirs. */
export type Permission = 'given' | 'refused' | 'not asked';

export interface EditorModels {
  /** Those that can be asked now. */
  list(): Promise<readonly EditorModel[]>;
  permissionFor(model: EditorModel): Permission;
  /** Tells the person that a run wants the permission, so that they can give it. Never waits for them. */
  wantPermission(model: EditorModel): void;
  /**
   * Pieces of the answer as they come.
   *
   * @throws what the editor, or the model's provider, throws.
   */
  ask(model: EditorModel, question: Question): AsyncIterable<string>;
  /** As the model's provider counts. @throws as `ask`. */
  countTokens(model: EditorModel, text: string | Turn, signal: AbortSignal): Promise<number>;
}

const fullName = ({ vendor, id }: EditorModel): string => `${vendor}/${id}`;

/** What a configuration names it by: its id, with its vendor before it where another vendor has the same. */
export function nameOf(model: EditorModel, all: readonly EditorModel[]): string {
  return all.filter(({ id }) => id === model.id).length > 1 ? fullName(model) : model.id;
}

/**
 * The model that a name means: `vendor/id`, an id, or a family, where one vendor alone has it.
 *
 * @returns `null`: none, or it is not said which.
 */
export function modelNamed(name: string, all: readonly EditorModel[]): EditorModel | null {
  const ways: readonly ((model: EditorModel) => boolean)[] = [
    (model) => fullName(model) === name,
    ({ id }) => id === name,
    ({ family }) => family === name,
  ];
  for (const way of ways) {
    const [first, ...others] = all.filter(way);
    if (first !== undefined) return others.every(({ vendor }) => vendor === first.vendor) ? first : null;
  }
  return null;
}
