/** No text that a person sees is left out of the bundles: each literal of the editor that reads as text is given to `l10n.t`. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const folders = ['src/vscode', 'src/editor', 'src/view'];
/** What optimizers say of their candidates. */
const candidates = /^src\/engine\/optimizers\/\w+\/(candidates|checkpoints)\.ts$/;

/** Names of properties that VS Code shows, and of functions that show what they are given. */
const shownProperty =
  /^(title|label|description|detail|placeholder|prompt|question|action|tooltip|openLabel|message|text|justification)$/;
const shownBy = /^(notify|withProgress|agreesTo|requireTrust|askText|uiText|hoverText|showReadOnlyText|runVisibly)$/;

/** Wire and log, which are not for people, or not ours to translate. */
const notForPeople = new Set([
  // On OpenAI's wire, to processes of runs.
  'src/editor/models/chatBody.ts',
  'src/editor/models/modelErrors.ts',
  'src/editor/models/modelServer.ts',
  // In a terminal, which is in English.
  'src/view/endpointReport.ts',
  'src/view/policy.ts',
]);

/** Names, words of other systems, and parts of English sentences that other folders make. */
const names = new Set([
  'BetterTogether',
  'DSPy',
  'TypeScript',
  'BetterTogether: ',
  'exactMatch:',
  // What is typed there is so in every language.
  '$10, 5000 calls',
  '$5, 2000 calls, 1.5M tokens',
  '$1, 200 calls, 100k tokens',
  'http://gpu-box:8000/v1',
  // Values that code tells apart.
  'Dismissed',
  'not asked',
  'nothing to ask',
  'held out',
  // To a model, or of what is said to one.
  'Answer with the word: ok',
  'Model  was not found.',
  'The person can take it over with the command "BetterTogether: Take Over Runs".',
  'The person can go on with it with the command "BetterTogether: Resume Run".',
  'the person is asked before each run, with its price and cap',
  'nothing: the workspace is not trusted, so only tools that read answer',
  'The person did not agree. Do not try again.',
  // Of logs, which are in English; src/view/words.ts has the words for them.
  'prompt search',
  'instruction and demo search',
  'reflective search',
  'DSPy optimizer',
  'own optimizer',
  'preference optimization',
  'learning from rewards',
  'as found',
  // Of errors of src/config, src/otlp and src/run, which are in English.
  'Setting .',
  'setting .',
  'chosen in the Python extension',
  'The address',
  'The name ',
]);

/** @returns `file:line: text` of each literal that reads as text and is not translated. */
function untranslated(file: string, content: string): readonly string[] {
  const source = ts.createSourceFile(file, content, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node)) return;
    const text = textOf(node);
    if (text !== null && readsAsText(node, text) && !isTranslated(node) && !isExempt(node, text)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${file}:${line + 1}: ${text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What a literal says by itself; `null`: it is none. */
function textOf(node: ts.Node): string | null {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return null;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('');
}

/** Two words, or one that begins like a sentence or a title; where it is shown, any word. */
function readsAsText(node: ts.Node, text: string): boolean {
  if (isShown(node)) return /[A-Za-z]{2}/.test(text.replaceAll(/[\w-]+\.(json|ts|py)/g, ''));
  return /[A-Za-z]{2,}[,;:]? [A-Za-z]/.test(text) || /^[A-Z][a-z]+(…|$|[ :])/.test(text);
}

function isShown(node: ts.Node): boolean {
  let at: ts.Node = node;
  while (ts.isConditionalExpression(at.parent) && at !== at.parent.condition) at = at.parent;
  const { parent } = at;
  if (ts.isPropertyAssignment(parent)) return shownProperty.test(parent.name.getText());
  if (ts.isVariableDeclaration(parent)) return shownProperty.test(parent.name.getText());
  if (!ts.isCallExpression(parent) || !ts.isIdentifier(parent.expression)) return false;
  // The first argument of `notify` is its kind.
  return shownBy.test(parent.expression.text) && !(parent.expression.text === 'notify' && parent.arguments[0] === at);
}

/** What `l10n.t` is given; what is put into its placeholders is looked at by itself. */
function isTranslated(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isTaggedTemplateExpression(parent)) return isT(parent.tag);
  if (ts.isCallExpression(parent)) return isT(parent.expression) && parent.arguments[0] === node;
  const call = ts.findAncestor(node, ts.isCallExpression);
  return ts.isPropertyAssignment(parent) || ts.isArrayLiteralExpression(parent)
    ? call !== undefined && isT(call.expression)
    : false;
}

const isT = (node: ts.Node): boolean => node.getText() === 'l10n.t';

function isExempt(node: ts.Node, text: string): boolean {
  const { parent } = node;
  if (names.has(text) || (ts.isBinaryExpression(parent) && isComparison(parent))) return true;
  if (ts.isPropertyAssignment(parent) && parent.name.getText() === 'kind') return true;
  const call = ts.findAncestor(node, (each) => ts.isCallExpression(each) || ts.isStatement(each));
  return (
    call !== undefined && ts.isCallExpression(call) && /\blog\.(debug|info|warn|error)$/.test(call.expression.getText())
  );
}

function isComparison({ operatorToken: { kind } }: ts.BinaryExpression): boolean {
  return kind === ts.SyntaxKind.EqualsEqualsEqualsToken || kind === ts.SyntaxKind.ExclamationEqualsEqualsToken;
}

const sourcesIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.ts'));
const files = [
  'src/extension.ts',
  ...folders.flatMap(sourcesIn),
  ...sourcesIn('src/engine/optimizers').filter((file) => candidates.test(file)),
].filter((file) => !notForPeople.has(file));

describe('texts of the editor', () => {
  it('are all translated', () => {
    expect(files.flatMap((file) => untranslated(file, readFileSync(join(root, file), 'utf8')))).toEqual([]);
    expect(files.filter((file) => candidates.test(file)).length).toBeGreaterThan(5);
  });

  it('are given to our own module, which knows when a model reads them', () => {
    const all = ['src', 'webview'].flatMap(sourcesIn);
    const direct = all.filter((file) => readFileSync(join(root, file), 'utf8').includes("from '@vscode/l10n'"));
    expect(direct).toEqual(['src/base/l10n.ts']);
  });

  it.each([
    `void notify('info', 'x of y');`,
    `void notify('info', ok ? l10n.t('Done.') : 'Failed');`,
    `vscode.window.showInformationMessage('Something happened');`,
    'const title = `Optimize ${key}`;',
    `choose({ title, placeholder: 'program' });`,
    'throw new UsageError(`The run in ${folder} is not there any more.`);',
    'l10n.t`The key ${kept ? "is kept" : key}.`;',
    `const text = l10n.t('One') + ' and more';`,
  ])('are found where they are not: %s', (line) => {
    expect(untranslated('a.ts', line)).toHaveLength(1);
  });

  it.each([
    `void notify('info', l10n.t('Done.'));`,
    'const title = l10n.t`Optimize ${key}`;',
    `l10n.t({ message: '{0} of {1}', comment: ['spent of a cap'], args: [a, b] });`,
    `session.log.info('models answer runs');`,
    `const kind = 'program' as const;`,
    `import type { A } from './some folder.ts';`,
  ])('are left alone where they are, or are none: %s', (line) => {
    expect(untranslated('a.ts', line)).toEqual([]);
  });
});
