import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sourceFile } from '../../../src/page/sourcePlace.ts';
import { sampleManifest } from '../../fakes/sampleManifest.ts';
import { temporaryFolder } from '../run/folder.ts';

function workspaceWith() {
  const around = temporaryFolder();
  const workspace = join(around, 'work');
  mkdirSync(join(workspace, 'lib'), { recursive: true });
  writeFileSync(join(around, 'secret.py'), '');
  for (const name of ['metric.py', 'my triage.py', join('lib', 'deep.py')]) writeFileSync(join(workspace, name), '');
  symlinkSync(join(around, 'secret.py'), join(workspace, 'link.py'));
  symlinkSync(around, join(workspace, 'out'));
  const manifest = sampleManifest(workspace, 'r');
  const sources = { [join(workspace, 'lib', 'deep.py')]: 'hash', [join(around, 'secret.py')]: 'hash' };
  return { around, workspace, manifest: { ...manifest, program: { ...manifest.program!, sources } } };
}

it.each(['metric.py', 'my triage.py', 'lib/deep.py', './lib/../metric.py'])('opens %s', (file) => {
  const { workspace, manifest } = workspaceWith();
  expect(sourceFile(workspace, manifest, file)).toBe(join(workspace, file));
});

it('finds a source of the program by its name alone, and a file by its whole path', () => {
  const { workspace, manifest } = workspaceWith();
  expect(sourceFile(workspace, manifest, 'deep.py')).toBe(join(workspace, 'lib', 'deep.py'));
  expect(sourceFile(workspace, manifest, join(workspace, 'metric.py'))).toBe(join(workspace, 'metric.py'));
});

it.each(['../secret.py', 'secret.py', 'link.py', 'out/secret.py', '/etc/passwd', 'gone.py', '.', '', 'lib', 'a\0b'])(
  'opens nothing for %j, which is no file of the workspace',
  (file) => {
    const { workspace, manifest } = workspaceWith();
    expect(() => sourceFile(workspace, manifest, file)).toThrow('only files of the folder that the run belongs to');
  },
);

it('opens nothing outside by its whole path', () => {
  const { around, workspace, manifest } = workspaceWith();
  expect(() => sourceFile(workspace, manifest, join(around, 'secret.py'))).toThrow('is no file in');
});
