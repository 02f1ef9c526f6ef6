import * as vscode from 'vscode';
import { Dismissed } from './errors.ts';
import { uiText } from '../../editor/uiText.ts';

export const back = Symbol('back');

export interface Choice<T> {
  /** Of VS Code's, before the label. */
  readonly icon?: string;
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  /** Proposed, where several may be chosen. */
  readonly picked?: boolean;
  readonly kind?: vscode.QuickPickItemKind;
  /** Absent on separators. */
  readonly value?: T;
}

type Item<T> = vscode.QuickPickItem & Pick<Choice<T>, 'value'>;

function itemOf<T>({ icon, label, description, detail, ...choice }: Choice<T>): Item<T> {
  return {
    ...choice,
    label: `${icon === undefined ? '' : `$(${icon}) `}${uiText(label)}`,
    ...(description !== undefined && { description: uiText(description) }),
    ...(detail !== undefined && { detail: uiText(detail) }),
  };
}

/** The place of a question among those of its kind. */
export interface Place {
  readonly step?: number;
  readonly totalSteps?: number;
  /** There is a step before this one. */
  readonly canGoBack?: boolean;
}

export interface Question<T> extends Place {
  readonly title: string;
  readonly placeholder: string;
  readonly choices: readonly Choice<T>[];
}

/**
 * Asks one question; the proposal comes first and is chosen by Enter.
 *
 * @throws Dismissed when it is closed.
 */
export async function choose<T>(question: Question<T>): Promise<T | typeof back> {
  const picker = pickerOf(question);
  const chosen = await answerOf(picker, ([first]) => first !== undefined);
  return chosen === back ? back : chosen[0]!;
}

/**
 * Asks for any number of the choices; those that are `picked` are proposed.
 *
 * @throws Dismissed when it is closed, or none is chosen.
 */
export async function chooseMany<T>(question: Question<T>): Promise<readonly T[] | typeof back> {
  const picker = pickerOf(question);
  picker.canSelectMany = true;
  picker.selectedItems = picker.items.filter(({ picked }) => picked === true);
  const chosen = await answerOf(picker, () => true);
  if (chosen !== back && chosen.length === 0) throw new Dismissed();
  return chosen;
}

function pickerOf<T>(question: Question<T>): vscode.QuickPick<Item<T>> {
  const picker = vscode.window.createQuickPick<Item<T>>();
  picker.placeholder = uiText(question.placeholder);
  picker.items = question.choices.map(itemOf);
  picker.matchOnDescription = true;
  placed(picker, question.title, question);
  return picker;
}

/** Shows it until it is answered. `isAnswer`: whether what is chosen may end it. */
function answerOf<T>(
  picker: vscode.QuickPick<Item<T>>,
  isAnswer: (values: readonly T[]) => boolean,
): Promise<readonly T[] | typeof back> {
  return new Promise((resolve, reject) => {
    picker.onDidAccept(() => {
      const values = picker.selectedItems.flatMap(({ value }) => (value === undefined ? [] : [value]));
      if (!isAnswer(values)) return;
      resolve(values);
      picker.hide();
    });
    endsWithout(picker, resolve, reject);
    picker.show();
  });
}

type AnyQuestion = vscode.InputBox | vscode.QuickPick<vscode.QuickPickItem>;

export interface TextQuestion {
  readonly title: string;
  readonly prompt: string;
  readonly value?: string;
  readonly placeholder?: string;
  /** What is typed is not shown. */
  readonly password?: boolean;
  /** What is wrong with a text; `null`: nothing. */
  check?(text: string): string | null;
}

/**
 * Asks for a text.
 *
 * @param place of a question that is one of several; only there is a way back.
 * @throws Dismissed when it is closed.
 */
export function askText(question: TextQuestion): Promise<string>;
export function askText(question: TextQuestion, place: Place): Promise<string | typeof back>;
export function askText(question: TextQuestion, place: Place = {}): Promise<string | typeof back> {
  const input = inputOf(question, place);
  const problem = (): string => {
    const found = question.check?.(input.value.trim()) ?? null;
    return found === null ? '' : uiText(found);
  };
  return new Promise((resolve, reject) => {
    input.onDidChangeValue(() => {
      input.validationMessage = problem();
    });
    input.onDidAccept(() => {
      input.validationMessage = problem();
      if (input.validationMessage !== '') return;
      resolve(input.value.trim());
      input.hide();
    });
    endsWithout(input, resolve, reject);
    input.show();
  });
}

function inputOf({ title, prompt, value, placeholder, password }: TextQuestion, place: Place): vscode.InputBox {
  const input = vscode.window.createInputBox();
  input.prompt = uiText(prompt);
  input.value = value ?? '';
  input.placeholder = placeholder === undefined ? undefined : uiText(placeholder);
  input.password = password ?? false;
  placed(input, title, place);
  return input;
}

function placed(input: AnyQuestion, title: string, { step, totalSteps, canGoBack }: Place): void {
  input.title = uiText(title);
  input.step = step;
  input.totalSteps = totalSteps;
  input.ignoreFocusOut = true;
  if (canGoBack === true) input.buttons = [vscode.QuickInputButtons.Back];
}

/** What is common to questions that are not answered: the way back, and that they are closed. */
function endsWithout(
  input: AnyQuestion,
  resolve: (answer: typeof back) => void,
  reject: (error: Dismissed) => void,
): void {
  input.onDidTriggerButton((button) => {
    if (button !== vscode.QuickInputButtons.Back) return;
    resolve(back);
    input.hide();
  });
  // After an answer this changes nothing.
  input.onDidHide(() => {
    reject(new Dismissed());
    input.dispose();
  });
}
