import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { jobFiles } from '../../../src/finetune/command/jobFolder.ts';
import { jobProcesses } from '../../../src/run/services/jobProcesses.ts';
import { temporaryFolder } from './folder.ts';

const folder = temporaryFolder();

it('a training job of another host is not ended by the number that its process has there', async () => {
  const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
  try {
    await once(bystander, 'spawn');
    const holder = { pid: bystander.pid, started: null, host: 'another-machine', token: 't' };
    writeFileSync(jobFiles(folder).lock, JSON.stringify(holder));
    await expect(jobProcesses.stop(folder)).rejects.toThrow(/on host another-machine runs the training job .*delete/);
    expect([bystander.exitCode, bystander.signalCode]).toEqual([null, null]);
  } finally {
    bystander.kill('SIGKILL');
  }
});
