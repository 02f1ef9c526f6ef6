/** The processes that a process has started, for tests that kill them. */
import { execFileSync } from 'node:child_process';

export interface ChildProcessInfo {
  readonly pid: number;
  readonly command: string;
}

/** All descendants of `pid` that live now. */
export function descendants(pid: number): readonly ChildProcessInfo[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  const all = lines.flatMap((line) => {
    const [, own, parent, stat, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (own === undefined || stat!.startsWith('Z')) return [];
    return [{ pid: Number(own), parent: Number(parent), command: command! }];
  });
  const found: ChildProcessInfo[] = [];
  const open = [pid];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const child of all) {
      if (child.parent !== next) continue;
      found.push(child);
      open.push(child.pid);
    }
  }
  return found;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
