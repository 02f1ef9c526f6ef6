/** Links of the documents: each leads to a file of the repository, and to a heading that is there. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const documents = [
  ...['README.md', 'ARCHITECTURE.md', 'SECURITY.md', 'CHANGELOG.md', 'CONTRIBUTING.md'],
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  ...readdirSync(join(root, 'examples')).map((name) => join('examples', name, 'README.md')),
].filter((name) => existsSync(join(root, name)));

const withoutCode = (text: string): string => text.replaceAll(/^ *```[^]*?^ *```/gm, '');

/** Targets of links and pictures within the repository: `docs/dspy.md#how-fast`. */
function linksIn(text: string): readonly string[] {
  const targets = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)];
  return targets.map(([, link, picture]) => link ?? picture!).filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsIn(text: string): ReadonlySet<string> {
  const headings = [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
  const plain = (heading: string) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N}_ -]/gu, '');
  return new Set(headings.map((heading) => plain(heading).replaceAll(' ', '-')));
}

/** What is wrong with a link of the document `from`; `null`: nothing. */
function problemOf(from: string, link: string): string | null {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? from : resolve(dirname(from), path);
  if (!existsSync(file)) return 'there is no such file';
  if (anchor === undefined) return null;
  return anchorsIn(readFileSync(file, 'utf8')).has(anchor) ? null : 'there is no such heading';
}

describe('the links of the documents', () => {
  it.each(documents)('lead somewhere: %s', (name) => {
    const from = join(root, name);
    const problems = linksIn(readFileSync(from, 'utf8'))
      .map((link) => ({ link, problem: problemOf(from, link) }))
      .filter(({ problem }) => problem !== null);
    expect(problems).toEqual([]);
  });

  it.each(documents)('stand among whole texts, without the marks of a merge: %s', (name) => {
    expect(readFileSync(join(root, name), 'utf8')).not.toMatch(/^(<{7} |>{7} |(> ){6}> )/m);
  });

  it('are seen, with their headings, and not in code', () => {
    expect(linksIn('[a](x/y.md#b-c) <img src="y.png"> [web](https://z.org)\n```\n[no](no.md)\n```\n')).toEqual([
      ...['x/y.md#b-c', 'y.png'],
    ]);
    expect([...anchorsIn('# What `p` is, and why\n')]).toEqual(['what-p-is-and-why']);
    expect(problemOf(join(root, 'README.md'), 'docs/dspy.md#nowhere')).toBe('there is no such heading');
    expect(problemOf(join(root, 'README.md'), 'nowhere.md')).toBe('there is no such file');
  });
});
