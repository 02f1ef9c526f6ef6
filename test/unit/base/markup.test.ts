import { describe, expect, it } from 'vitest';
import { html, nothing } from '../../../src/base/markup.ts';

describe('html', () => {
  it('takes strings as text, in an element and in an attribute, and markup of its own as it is', () => {
    const hostile = `"><script>alert('&')</script>`;
    expect(html`<a title="${hostile}">${hostile}</a>`.toString()).toBe(
      '<a title="&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;">' +
        '&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;</a>',
    );
    const items = [1, 2].map((n) => html`<b>${n}</b>`);
    expect(html`<p>${items}${nothing}</p>`.toString()).toBe('<p><b>1</b><b>2</b></p>');
  });

  it('shows what would turn the direction of writing', () => {
    expect(html`${'a\u202Eb'}`.toString()).toBe('a\uFFFDb');
  });
});
