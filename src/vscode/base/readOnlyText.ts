/** Text that is only to be read, in a tab that closes without a question: plain, for others wrote parts of it. */
import * as vscode from 'vscode';

const textScheme = 'bettertogether-text';

/** The text is in the URI: a tab that was open has it again after a reload. */
export function registerReadOnlyTexts(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(textScheme, {
    provideTextDocumentContent: ({ query }) => query,
  });
}

/** Shows it beside what the person looks at, and leaves the focus there. @param name of the tab. */
export async function showReadOnlyText(name: string, text: string): Promise<void> {
  const uri = vscode.Uri.from({ scheme: textScheme, path: `/${name.replaceAll(/[\\/]/g, ' ')}.txt`, query: text });
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document, {
    viewColumn: vscode.ViewColumn.Beside,
    preserveFocus: true,
    preview: true,
  });
}
