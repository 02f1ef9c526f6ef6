import { describe, expect, it } from 'vitest';
import { contentSecurityPolicy, pageOf } from '../../../src/page/html.ts';

const parts = {
  script: 'https://res.test/dist/webview.js',
  style: 'https://res.test/dist/webview.css',
  source: 'https://res.test',
  nonce: 'SCRIPT',
  styleNonce: 'STYLE',
  title: 'rivers',
  view: { kind: 'run', run: { id: 'r', folder: '/ws/.bettertogether/runs/r' } },
  language: 'en',
  strings: null,
} as const;

describe('the page', () => {
  it('allows its own script and style sheet and nothing else', () => {
    const policy = contentSecurityPolicy(parts);
    expect(policy).toBe(
      "default-src 'none'; script-src 'nonce-SCRIPT'; style-src https://res.test 'nonce-STYLE'; " +
        "connect-src 'none'; base-uri 'none'; form-action 'none'",
    );
    expect(policy).not.toContain('unsafe');
  });

  it('says which language it is in: English where there are no translations', () => {
    expect(pageOf({ ...parts, language: 'fr' })).toContain('<html lang="en">');
    expect(pageOf({ ...parts, language: 'de', strings: { Run: 'Lauf' } })).toContain('<html lang="de">');
  });

  it('gives the nonce of the script to the script alone', () => {
    const body = pageOf(parts);
    expect(body.split('SCRIPT')).toHaveLength(3);
    expect(body).toContain('<script nonce="SCRIPT" src="https://res.test/dist/webview.js">');
  });

  it('keeps titles and folders text', () => {
    const run = { id: 'r', folder: `/ws/"><script>x</script>` };
    const body = pageOf({ ...parts, title: '</title><script>x</script>', view: { kind: 'run', run } });
    expect(body.match(/<script/g)).toHaveLength(1);
    const kept = /data-view="([^"]*)"/
      .exec(body)![1]!
      .replaceAll('&quot;', '"')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>');
    expect(JSON.parse(kept)).toEqual({ kind: 'run', run });
  });
});
