/** Changes to the text of `bettertogether.json` that keep its comments and its layout. Pure. */
import { applyEdits, modify, parseTree } from 'jsonc-parser';
import type { FormattingOptions } from 'jsonc-parser';

export interface ConfigChange {
  readonly path: readonly string[];
  /** `undefined` takes the key away. */
  readonly value: unknown;
}

/** @param text `null`: there is no file yet. */
export function changeConfig(text: string | null, changes: readonly ConfigChange[]): string {
  const start = text === null || text.trim() === '' ? '{}\n' : text;
  const formattingOptions = formattingOf(start);
  return changes.reduce(
    (before, { path, value }) => applyEdits(before, modify(before, [...path], value, { formattingOptions })),
    start,
  );
}

/** The keys of a program's entry, one change each, so that comments between them stay. */
export function programChanges(key: string, entry: Readonly<Record<string, unknown>>): readonly ConfigChange[] {
  return Object.entries(entry).map(([name, value]) => ({ path: ['programs', key, name], value }));
}

/** Where a program's entry begins, for showing it; 0 where there is none. */
export function offsetOfProgram(text: string, key: string): number {
  const programs = parseTree(text)?.children?.find(({ children }) => children?.[0]?.value === 'programs');
  const entry = programs?.children?.[1]?.children?.find(({ children }) => children?.[0]?.value === key);
  return entry?.offset ?? 0;
}

function formattingOf(text: string): FormattingOptions {
  const indent = /\n([ \t]+)"/.exec(text)?.[1] ?? '  ';
  return {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 1 : indent.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
}
