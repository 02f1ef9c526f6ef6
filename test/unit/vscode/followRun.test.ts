import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { beforeEach, expect, it } from 'vitest';
import { EventLog } from '../../../src/run/record/eventLog.ts';
import { createRunFolder, runFiles } from '../../../src/run/record/runFolder.ts';
import type { RunLocation } from '../../../src/run/record/runFolder.ts';
import { followRun } from '../../../src/vscode/commands/followRun.ts';
import { RunTaskProvider } from '../../../src/vscode/runs/runTask.ts';
import { TaskRevealKind, fake, resetFake } from '../../fakes/fakeVscode.ts';
import { started } from '../run/samples.ts';
import { temporaryFolder } from '../run/folder.ts';

beforeEach(resetFake);

async function runAtWork(root: string): Promise<RunLocation> {
  const run = await createRunFolder(root, 'intents', new Date());
  const log = new EventLog(runFiles(run.folder).events);
  log.append(started);
  log.close();
  const lock = { pid: process.pid, started: null, host: hostname(), token: 't' };
  writeFileSync(runFiles(run.folder).lock, JSON.stringify(lock));
  return run;
}

const reveals = () =>
  fake.executions.map(({ task }) => (task as unknown as { presentationOptions: object }).presentationOptions);

it('brings the terminal of a run to the front that was started here, and asks nothing about it', async () => {
  const root = temporaryFolder();
  fake.folders.push(root);
  const run = await runAtWork(root);
  const left: RunLocation[] = [];
  const tasks = new RunTaskProvider({
    programs: () => Promise.resolve([]),
    start: () => Promise.reject(new Error('nothing starts here')),
    follow: () => Promise.resolve(run),
    left: (each) => left.push(each),
    failed: (error) => expect.unreachable(String(error)),
  });

  await followRun({ tasks }, root, run, 'optimize intents');
  await followRun({ tasks }, root, run, 'optimize intents');
  expect(reveals()).toMatchObject([{ reveal: TaskRevealKind.Silent }]);
  await new Promise(setImmediate);

  await followRun({ tasks }, root, run, 'intents', true);
  expect(reveals()).toMatchObject([{ reveal: TaskRevealKind.Always }]);
  expect(left).toEqual([]);
  await new Promise(setImmediate);

  fake.executions[0]!.terminate();
  expect(left).toEqual([run]);
});
