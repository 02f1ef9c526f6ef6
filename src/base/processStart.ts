/** When a process began, which tells it from a later one with the same pid. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Clock ticks since boot with the boot's id on Linux, `ps` elsewhere, `null` on Windows. */
export function startOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      // A zombie has ended; only its parent has not looked yet.
      return afterName[0] === 'Z' ? 'ended' : `${boot}/${afterName[19] ?? ''}`;
    }
    if (process.platform === 'win32') return null;
    // In words that do not depend on the caller.
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC0' };
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env }).trim();
  } catch {
    return null;
  }
}
