/** The page that the view's script fills. */

export interface PageParts {
  readonly script: string;
  readonly style: string;
  /** Where the webview's own resources come from (`webview.cspSource`). */
  readonly source: string;
  /** Fresh for each page, unguessable. */
  readonly nonce: string;
  /** Another one, for styles alone: it stands in the page, where the script's must not. */
  readonly styleNonce: string;
  readonly title: string;
  /** The page keeps it, so that a panel can be restored (`setState`). */
  readonly run: { readonly id: string; readonly folder: string };
}

/**
 * Nothing is allowed but our script (by nonce) and our style sheet: no connection, no frame, no image, no form, so that
 * nothing a model wrote can run or leave the machine.
 *
 * One exception for the toolkit: it tries out what the browser's style sheets can do in an empty `<style>`
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

export function pageOf(parts: PageParts): string {
  const { script, style, nonce, styleNonce, title, run } = parts;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(contentSecurityPolicy(parts))}">
<meta property="csp-nonce" content="${escaped(styleNonce)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${escaped(style)}">
<title>${escaped(title)}</title>
</head>
<body>
<div id="app" data-run="${escaped(JSON.stringify({ id: run.id, folder: run.folder }))}"><p class="muted" role="status">Reading the run…</p></div>
<script nonce="${escaped(nonce)}" src="${escaped(script)}"></script>
</body>
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}
