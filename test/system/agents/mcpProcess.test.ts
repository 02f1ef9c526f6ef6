/** `bettertogether mcp` as a process: what it takes for input, and how it ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Workspace } from '../workspace.ts';

let workspace: Workspace;
beforeEach(() => {
  workspace = new Workspace({ baseURL: 'http://127.0.0.1:9/v1', strategy: 'p' });
});
afterEach(() => workspace.dispose());

function serve() {
  const child = spawn(process.execPath, [workspace.cli, 'mcp'], { cwd: workspace.folder, stdio: 'pipe' });
  const said = { out: '', err: '' };
  child.stdout.on('data', (bytes: Buffer) => (said.out += bytes.toString('utf8')));
  child.stderr.on('data', (bytes: Buffer) => (said.err += bytes.toString('utf8')));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, said, ended };
}

const hello = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};

it('answers after garbage, writes nothing but the protocol to stdout, and ends when stdin closes', async () => {
  const { child, said, ended } = serve();
  child.stdin.write('this is not JSON\n{"jsonrpc": "2.0"\n[]\n\u0000\n{"jsonrpc":"2.0","id":7,"method":"no/such"}\n');
  child.stdin.write(`${JSON.stringify(hello)}\n`);
  await expect.poll(() => said.out).toContain('"id":1');
  for (const line of said.out.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
  child.stdin.end();
  expect(await ended).toBe(0);
});

it('ends on SIGTERM, and says on stderr what is wrong with its folder', async () => {
  const { child, said, ended } = serve();
  child.stdin.write(`${JSON.stringify(hello)}\n`);
  await expect.poll(() => said.out).toContain('"id":1');
  await sleep(50);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  const { code, stdout, stderr } = await workspace.run(['mcp', '--folder', 'no/such/folder']);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('is not a folder');
});
