import type { Language as AnyLanguage } from '../../data/language.ts';

/** The languages whose source is read: programs of any other are named in bettertogether.json. */
export type Language = Extract<AnyLanguage, 'python' | 'typescript'>;

/** A grammar of tree-sitter; `.ts` has its own because `<T>x` is a cast there and an element in `.tsx`. */
export type Grammar = 'python' | 'typescript' | 'tsx';

const grammars: Readonly<Record<string, Grammar>> = {
  py: 'python',
  ipynb: 'python',
  ts: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  tsx: 'tsx',
  js: 'tsx',
  mjs: 'tsx',
  cjs: 'tsx',
  jsx: 'tsx',
};

/** `null`: not a source file of ours. Declaration files hold no programs. */
export function grammarOf(file: string): Grammar | null {
  if (/\.d\.[cm]?ts$/.test(file)) return null;
  const extension = /\.([a-z]+)$/.exec(file)?.[1] ?? '';
  return Object.hasOwn(grammars, extension) ? grammars[extension]! : null;
}

export function languageOf(grammar: Grammar): Language {
  return grammar === 'python' ? 'python' : 'typescript';
}
