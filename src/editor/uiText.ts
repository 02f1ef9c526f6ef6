/**
 * Text in VS Code's own controls. Notifications, questions and input boxes make a live link of `[text](command:…)`
 * (`parseLinkedText`), and labels an icon of `$(name)`: what was not made here gets neither. Our own icons are put in
 * front of it by the modules that make the controls, and ESLint keeps those to themselves.
 */
import { oneLine, onLines } from '../base/visibleText.ts';

/** One line: a notification, a question, a label, a title, a description. */
export function uiText(text: string): string {
  return inert(oneLine(text));
}

/** Several lines: what is shown when something is hovered. */
export function hoverText(text: string): string {
  return inert(onLines(text));
}

/** Reads the same and is neither a link nor an icon. */
function inert(text: string): string {
  return text.replaceAll('](', '] (').replaceAll('$(', '$ (');
}
