/** What `npm run package` says of a manifest, and what it makes of the extension's page. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };

interface Publishing {
  beforePublishing(manifest: object): readonly string[];
  extensionPage(text: string, manifest: object): string;
  sdkManifest(manifest: object): Readonly<Record<string, unknown>>;
  cliManifest(manifest: object): Readonly<Record<string, unknown>>;
}

/** Not typed: a script of the repository. */
const script = new URL('../../../scripts/publishing.mjs', import.meta.url).href;
const { beforePublishing, cliManifest, extensionPage, sdkManifest } = (await import(script)) as Publishing;

const github = { repository: { type: 'git', url: 'git+https://github.com/ann/better.git' } };
const owned = { ...github, bugs: 'https://github.com/ann/better/issues', homepage: 'https://better.dev' };
const all = { ...owned, publisher: 'ann' };
const page = '# A\n\n![a step](readme/a.png)\n';

describe('before it is published', () => {
  it('names each field that is not set, and the publisher that is a placeholder', () => {
    const lines = beforePublishing({ ...packageJson, homepage: 'https://better.dev' }).join('\n');
    for (const named of ['  repository', '  bugs', '  publisher', '"bettertogether"', 'without its pictures']) {
      expect(lines).toContain(named);
    }
    expect(lines).not.toContain('  homepage');
  });

  it('says nothing once all is set', () => {
    expect(beforePublishing({ ...packageJson, ...all })).toEqual([]);
  });

  it('names the placeholder of a publisher where nothing else is left, and no publisher of somebody', () => {
    const lines = beforePublishing({ ...packageJson, ...owned });
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^ {2}publisher .*"bettertogether"$/);
    expect(beforePublishing({ ...packageJson, publisher: 'ann' }).join('\n')).not.toContain('publisher');
  });

  it('says that pictures are missing where they cannot be had from the repository', () => {
    const lines = beforePublishing({ ...packageJson, ...all, repository: 'https://git.example.org/better' });
    expect(lines.join('\n')).toContain('https://github.com/');
  });
});

describe("the extension's page", () => {
  it('takes pictures from the repository by https', () => {
    expect(extensionPage(page, github)).toContain(
      '![a step](https://github.com/ann/better/raw/HEAD/media/readme/a.png)',
    );
    expect(extensionPage(page, { repository: 'https://gitlab.com/ann/better' })).toContain(
      '](https://gitlab.com/ann/better/-/raw/HEAD/media/readme/a.png)',
    );
  });

  it('is without pictures where nobody can know where they are', () => {
    expect(extensionPage('# A\n\n![a step](readme/a.png)\n\nText.\n', {})).toBe('# A\n\nText.\n');
  });

  it('shows each picture in a line of its own, and links nowhere else in the repository', () => {
    const text = readFileSync(new URL('../../../media/README.md', import.meta.url), 'utf8');
    expect(text).toContain('](readme/');
    expect(extensionPage(text, {})).not.toMatch(/\]\((?!https:|#)/);
    expect(extensionPage(text, github)).not.toMatch(/\]\((?!https:|#)/);
  });
});

it('both npm packages say whose they are as soon as package.json does, and are not private', () => {
  for (const manifest of [sdkManifest, cliManifest]) {
    expect(manifest({ ...packageJson, ...owned })).toMatchObject({ ...owned, version: packageJson.version });
    expect(manifest(packageJson)).not.toHaveProperty('repository');
    expect(manifest(packageJson)).not.toHaveProperty('private');
  }
});
