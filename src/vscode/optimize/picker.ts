import * as vscode from 'vscode';
import { Dismissed } from '../errors.ts';

export const back = Symbol('back');

export interface Choice<T> extends vscode.QuickPickItem {
  /** Absent on separators. */
  readonly value?: T;
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
  const picker = vscode.window.createQuickPick<Choice<T>>();
  picker.title = question.title;
  picker.placeholder = question.placeholder;
  picker.items = question.choices;
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
  const options = { title, placeHolder: placeholder, canPickMany: true, ignoreFocusOut: true } as const;
  const chosen = await vscode.window.showQuickPick([...choices], { ...options, matchOnDescription: true });
  const values = (chosen ?? []).flatMap(({ value }) => (value === undefined ? [] : [value]));
  if (values.length === 0) throw new Dismissed();
  return values;
}

export interface TextQuestion {
  readonly title: string;
  readonly prompt: string;
  readonly value?: string;
  readonly placeholder?: string;
  /** What is wrong with a text; `null`: nothing. */
  check?(text: string): string | null;
}

/** @throws Dismissed when it is closed. */
export async function askText({ title, prompt, value, placeholder, check }: TextQuestion): Promise<string> {
  const answer = await vscode.window.showInputBox({
    title,
    prompt,
    ignoreFocusOut: true,
    ...(value !== undefined && { value }),
    ...(placeholder !== undefined && { placeHolder: placeholder }),
    ...(check !== undefined && { validateInput: (text: string) => check(text.trim()) }),
  });
  if (answer === undefined) throw new Dismissed();
  return answer.trim();
}
