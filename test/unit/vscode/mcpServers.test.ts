/** The MCP servers that VS Code is offered: by a setting, and in Restricted Mode with tools that read alone. */
import { beforeEach, expect, it } from 'vitest';
import type * as vscode from 'vscode';
import { mcpServers } from '../../../src/vscode/mcpServers.ts';
import type { Session } from '../../../src/vscode/session/session.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';

beforeEach(resetFake);

const session = {
  cli: '/ext/dist/cli.js',
  context: { extension: { packageJSON: { version: '1.2.3' } } },
  roots: { ready: Promise.resolve(), all: [{ folder: '/work/[a](command:b)', name: '[a](command:b)' }] },
  environment: () =>
    Promise.resolve({ SECRET: 'x', PATH: '/bin', BETTERTOGETHER_HOME: '/home/bt', ELECTRON_RUN_AS_NODE: '1' }),
} as unknown as Session;

async function offered() {
  const servers = mcpServers({ get: () => Promise.resolve(session) });
  const token = undefined as unknown as vscode.CancellationToken;
  return (await servers.provideMcpServerDefinitions(token)) ?? [];
}

it('are none unless the setting says so: an agent would see each tool twice', async () => {
  expect(await offered()).toEqual([]);
  fake.settings.set('agents.offerTools', 'never');
  expect(await offered()).toEqual([]);
});

it('work on one folder each, with what our command line needs of the environment and nothing else', async () => {
  fake.settings.set('agents.offerTools', 'mcp');
  expect(await offered()).toEqual([
    {
      label: 'BetterTogether: [a] (command:b)',
      command: process.execPath,
      args: ['/ext/dist/cli.js', 'mcp', '--folder', '/work/[a](command:b)'],
      env: { BETTERTOGETHER_HOME: '/home/bt', ELECTRON_RUN_AS_NODE: '1' },
      version: '1.2.3',
    },
  ]);
});

it('only read in Restricted Mode', async () => {
  fake.settings.set('agents.offerTools', 'mcp');
  fake.trusted = false;
  const [server] = await offered();
  expect(server?.args.at(-1)).toBe('--read-only');
});
