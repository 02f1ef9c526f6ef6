import * as vscode from 'vscode';
import { Dismissed } from '../errors.ts';
import { uiText } from '../uiText.ts';

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

export interface Question<T> {
  readonly title: string;
  readonly placeholder: string;
  readonly choices: readonly Choice<T>[];
  readonly step?: number;
  readonly totalSteps?: number;
  /** There is a step before this one. */
  readonly canGoBack?: boolean;
}

/**
 * Asks one question; what is proposed stands first and is chosen by Enter.
 *
 * @throws Dismissed when it is closed.
 */
export function choose<T>(question: Question<T>): Promise<T | typeof back> {
  const picker = vscode.window.createQuickPick<Item<T>>();
  picker.title = uiText(question.title);
  picker.placeholder = uiText(question.placeholder);
  picker.items = question.choices.map(itemOf);
  picker.step = question.step;
  picker.totalSteps = question.totalSteps;
  picker.ignoreFocusOut = true;
  picker.matchOnDescription = true;
  if (question.canGoBack === true) picker.buttons = [vscode.QuickInputButtons.Back];
  return new Promise<T | typeof back>((resolve, reject) => {
    picker.onDidAccept(() => {
      const chosen = picker.selectedItems[0];
      if (chosen?.value === undefined) return;
      resolve(chosen.value);
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

/**
 * Asks for any number of the choices; those that are `picked` are proposed.
 *
 * @throws Dismissed when it is closed, or none is chosen.
 */
export async function chooseMany<T>({
  title,
  placeholder,
  choices,
}: Pick<Question<T>, 'title' | 'placeholder' | 'choices'>): Promise<readonly T[]> {
  const options = {
    title: uiText(title),
    placeHolder: uiText(placeholder),
    canPickMany: true,
    ignoreFocusOut: true,
  } as const;
  const chosen = await vscode.window.showQuickPick(choices.map(itemOf), { ...options, matchOnDescription: true });
  const values = (chosen ?? []).flatMap(({ value }) => (value === undefined ? [] : [value]));
  if (values.length === 0) throw new Dismissed();
  return values;
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
