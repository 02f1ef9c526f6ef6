import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { busiestThread } from '../../../src/host/busiestThread.ts';

it('finds the thread that uses the processor among those that do not, where the system tells', async () => {
  const child = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  try {
    const pid = child.pid!;
    expect(await busiestThread(pid, [999_999_999, pid])).toBe(process.platform === 'linux' ? pid : null);
    expect(await busiestThread(pid, [999_999_999])).toBeNull();
  } finally {
    child.kill('SIGKILL');
  }
});
