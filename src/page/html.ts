/** The page that the view's script fills. */
import * as l10n from '../base/l10n.ts';
import { escaped } from '../base/markup.ts';
import type { RunLocation } from '../run/record/runFolder.ts';

export interface PageParts {
  readonly script: string;
  readonly style: string;
  /** Where the webview's own resources come from (`webview.cspSource`). */
  readonly source: string;
  /** Fresh for each page, unguessable. */
  readonly nonce: string;
  /** Another one, for styles alone: it is in the page, where the script's must not be. */
  readonly styleNonce: string;
  readonly title: string;
  /** What the page shows. It keeps it, so that a panel can be restored (`setState`). */
  readonly view: PageView;
  /** Of the editor (`vscode.env.language`): that of the page where it has strings. */
  readonly language: string;
  /** Translations of the page's strings by their English (`vscode.l10n.bundle`); null where they are in English. */
  readonly strings: Readonly<Record<string, string>> | null;
}

/** The run or the runs of a page, or all there are; a folder is absolute. */
export type PageView =
  | { readonly kind: 'run'; readonly run: RunLocation }
  | {
      readonly kind: 'comparison';
      readonly root: string;
      readonly runs: readonly string[];
      readonly id: string | null;
    }
  | { readonly kind: 'runTable' };

/**
 * Nothing is allowed but our script (by nonce) and our style sheet: no connection, no frame, no image, no form, so that
 * nothing a model wrote can run or leave the machine.
 *
 * Styles have a nonce too, for two elements: the few rules of what is shown before the style sheet is here, and the one
 * exception that the toolkit needs: it tries out what the browser's style sheets can do in an empty `<style>`
 * (`canUseFocusVisible` in fast-web-utilities), to which it gives the nonce of `<meta property="csp-nonce">`. A test
 * counts violations in a browser.
 */
export function contentSecurityPolicy(parts: Pick<PageParts, 'source' | 'nonce' | 'styleNonce'>): string {
  const { source, nonce, styleNonce } = parts;
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${source} 'nonce-${styleNonce}'`,
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** Until the style sheet and the script are here: in the colours of the theme, where the page will have its title. */
const firstStyle =
  'body{margin:0;padding:0 16px;color:var(--vscode-foreground);background:var(--vscode-editor-background);' +
  'font-family:var(--vscode-font-family,sans-serif);font-size:var(--vscode-font-size,13px);line-height:1.45}' +
  '.start b{display:block;margin:12px 0 4px;font-size:1.35em;font-weight:600}' +
  '.start span{color:var(--vscode-descriptionForeground)}';

/** The style sheet comes after what is shown first: a browser draws nothing that comes after it until it is here. */
export function pageOf(parts: PageParts): string {
  const { script, style, nonce, styleNonce, title, view, language, strings } = parts;
  const reading = view.kind === 'run' ? l10n.t('Reading the run…') : l10n.t('Reading the runs…');
  // What commands of the page's context menu are about.
  const context = view.kind === 'run' ? ` data-vscode-context="${escaped(JSON.stringify({ run: view.run }))}"` : '';
  const translations = strings === null ? '' : ` data-strings="${escaped(JSON.stringify(strings))}"`;
  return `<!DOCTYPE html>
<html lang="${escaped(strings === null ? 'en' : language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(contentSecurityPolicy(parts))}">
<meta property="csp-nonce" content="${escaped(styleNonce)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style nonce="${escaped(styleNonce)}">${firstStyle}</style>
<title>${escaped(title)}</title>
</head>
<body>
<div id="app" data-view="${escaped(JSON.stringify(view))}"${translations}${context}><div class="start"><b>${escaped(title)}</b><span role="status">${reading}</span></div></div>
<link rel="stylesheet" href="${escaped(style)}">
<script nonce="${escaped(nonce)}" src="${escaped(script)}"></script>
</body>
</html>
`;
}
