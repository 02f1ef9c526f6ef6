import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { saveReport } from '../../../src/vscode/commands/saveReport.ts';
import type { Session } from '../../../src/vscode/session/session.ts';
import { UIKind, fake, resetFake } from '../../fakes/fakeVscode.ts';
import { writeSampleRun } from '../../fakes/sampleRun.ts';
import { runItem } from '../editor/samples.ts';
import { temporaryFolder } from '../run/folder.ts';

beforeEach(resetFake);

it('offers a browser only on the machine that has the file', async () => {
  const root = temporaryFolder();
  const run = await writeSampleRun({ workspace: root, dev: 12, test: 8, memo: false });
  const item = { ...runItem(run.id), root, run };
  const session = { runs: { all: [item], refresh: () => Promise.resolve(), get: () => item } } as unknown as Session;
  const save = async (): Promise<readonly string[] | undefined> => {
    fake.answers.push('Open in Browser');
    await saveReport(session, run.folder);
    return fake.buttons.at(-1);
  };
  fake.savedTo = join(root, 'report.html');

  expect(await save()).toEqual(['Open in Browser']);
  expect(existsSync(fake.savedTo)).toBe(true);
  expect(fake.opened).toEqual([fake.savedTo]);
  fake.remoteName = 'ssh-remote';
  expect(await save()).toEqual([]);
  fake.remoteName = undefined;
  fake.uiKind = UIKind.Web;
  expect(await save()).toEqual([]);
});
