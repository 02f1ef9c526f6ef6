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
  picker.title = uiText(question.title);
  picker.placeholder = uiText(question.placeholder);
  picker.items = question.choices.map(itemOf);
  picker.step = question.step;
  picker.totalSteps = question.totalSteps;
  picker.ignoreFocusOut = true;
  picker.matchOnDescription = true;
  if (question.canGoBack === true) picker.buttons = [vscode.QuickInputButtons.Back];
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
    picker.onDidTriggerButton((button) => {
      if (button !== vscode.QuickInputButtons.Back) return;
      resolve(back);
      picker.hide();
    });
    // After an answer this changes nothing.
    picker.onDidHide(() => {
      reject(new Dismissed());
      picker.dispose();
    });
    picker.show();
  });
}

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

/** @throws Dismissed when it is closed. */
export async function askText(question: TextQuestion): Promise<string> {
  const { title, prompt, value, placeholder, password, check } = question;
  const problemWith = (text: string): string | null => {
    const problem = check?.(text.trim()) ?? null;
    return problem === null ? null : uiText(problem);
  };
  const answer = await vscode.window.showInputBox({
    title: uiText(title),
    prompt: uiText(prompt),
    ignoreFocusOut: true,
    ...(value !== undefined && { value }),
    ...(placeholder !== undefined && { placeHolder: uiText(placeholder) }),
    ...(password !== undefined && { password }),
    validateInput: problemWith,
  });
  if (answer === undefined) throw new Dismissed();
  return answer.trim();
}
