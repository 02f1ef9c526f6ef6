/** Messages name guides by their place in the package; a person finds them by their place on the machine. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { guidesIn } from '../../../src/home/guides.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

it('finds those that a message names, each once, and nothing else', () => {
  const file = join(root, 'docs', 'serving.md');
  expect(guidesIn('See docs/serving.md (docs/serving.md).')).toEqual([{ name: 'docs/serving.md', file }]);
  const missing = `docs/${'nowhere'}.md`;
  for (const none of ['nothing', missing, '/home/ann/docs/serving.md', 'my-docs/serving.md']) {
    expect(guidesIn(none)).toEqual([]);
  }
});
