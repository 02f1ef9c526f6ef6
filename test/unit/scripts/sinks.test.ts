/** ESLint keeps the places that obey text to the modules that escape it. */
import { Linter } from 'eslint';
import { describe, expect, it } from 'vitest';
import tseslint from 'typescript-eslint';
// @ts-expect-error it is JavaScript, without types
import config from '../../../eslint.config.js';

const rules = (config as Linter.Config[]).filter((each) => each.rules?.['no-restricted-syntax'] !== undefined);

/** What is wrong with code in the file. */
function complaints(file: string, code: string): readonly string[] {
  const parser = { files: ['**/*.ts'], languageOptions: { parser: tseslint.parser as Linter.Parser } };
  return new Linter().verify(code, [parser, ...rules], { filename: file }).map(({ message }) => message);
}

describe('text that was not made here', () => {
  it.each([
    ["vscode.window.showErrorMessage('a')", 'src/vscode/base/messages.ts'],
    ["const { showWarningMessage } = vscode.window; showWarningMessage('a')", 'src/vscode/base/messages.ts'],
    ["const show = window.showInformationMessage; show('a')", 'src/vscode/base/messages.ts'],
    ["vscode.window.withProgress({}, () => work('a'))", 'src/vscode/base/messages.ts'],
    ["vscode.window.showQuickPick(['a'])", 'src/vscode/base/picker.ts'],
    ["vscode.window.showInputBox({ prompt: 'a' })", 'src/vscode/base/picker.ts'],
    ["new vscode.TreeItem('a')", 'src/vscode/views/treeItem.ts'],
    ['new vscode.CodeLens(range, command)', 'src/vscode/views/lensProvider.ts'],
    ["vscode.window.createStatusBarItem('a')", 'src/vscode/views/statusBar.ts'],
    ["new vscode.Task(definition, scope, 'a', 'b')", 'src/vscode/runs/runTask.ts'],
    ["vscode.window.createWebviewPanel('a', 'b')", 'src/vscode/panel/panels.ts'],
    ["process.stdout.write('a')", 'src/cli/base/terminal.ts'],
    ["const { stderr } = process; stderr.write('a')", 'src/cli/base/terminal.ts'],
    ["new vscode.MarkdownString('a')", null],
    ["vscode.window.createTerminal('a').sendText('b')", null],
  ])('%s is for its own module alone', (code, own) => {
    for (const file of ['src/vscode/x.ts', 'src/cli/commands/x.ts', 'src/run/x.ts']) {
      expect(complaints(file, code), file).not.toEqual([]);
    }
    if (own !== null) expect(complaints(own, code)).toEqual([]);
  });
});
