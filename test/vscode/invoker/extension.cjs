/** Takes requests from files of the folder, calls tools, and writes answers beside them: `1.request.json`, `1.answer.json`. */
const { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const vscode = require('vscode');

exports.activate = (context) => {
  const folder = join(vscode.workspace.workspaceFolders[0].uri.fsPath, '.invoker');
  mkdirSync(folder, { recursive: true });
  const timer = setInterval(() => {
    for (const name of readdirSync(folder).filter((each) => each.endsWith('.request.json'))) {
      const request = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      rmSync(join(folder, name));
      void answer(request).then((result) => {
        const file = join(folder, name.replace('.request.', '.answer.'));
        writeFileSync(`${file}.draft`, JSON.stringify(result));
        renameSync(`${file}.draft`, file);
      });
    }
  }, 100);
  context.subscriptions.push({ dispose: () => clearInterval(timer) });
};

async function answer({ tool, input, cancelAfterMs }) {
  if (tool === undefined) {
    return { tools: vscode.lm.tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })) };
  }
  const source = new vscode.CancellationTokenSource();
  if (cancelAfterMs !== undefined) setTimeout(() => source.cancel(), cancelAfterMs);
  try {
    const result = await vscode.lm.invokeTool(tool, { input, toolInvocationToken: undefined }, source.token);
    return { text: result.content.map((part) => part.value ?? '').join('') };
  } catch (error) {
    return { error: String(error?.message ?? error) };
  }
}
