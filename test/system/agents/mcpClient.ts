/** An agent's side: the built `bettertogether mcp` behind the official client, and a person at a terminal who allows things. */
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Workspace } from '../workspace.ts';
import { main } from '../../../src/cli/main.ts';
import type { Terminal } from '../../../src/cli/base/terminal.ts';

export interface Answered {
  readonly text: string;
  readonly isError: boolean;
  readonly data: Record<string, unknown>;
}

export class Agent {
  readonly client = new Client({ name: 'test', version: '1' });
  readonly transport: StdioClientTransport;
  stderr = '';

  constructor({ cli, folder }: Workspace, env: NodeJS.ProcessEnv, args: readonly string[] = []) {
    const all = Object.entries({ ...process.env, ...env }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    this.transport = new StdioClientTransport({
      ...{ command: process.execPath, args: [cli, 'mcp', ...args], cwd: folder },
      ...{ env: Object.fromEntries(all), stderr: 'pipe' },
    });
    this.transport.stderr?.on('data', (bytes: Buffer) => (this.stderr += bytes.toString('utf8')));
  }

  async connect(): Promise<this> {
    await this.client.connect(this.transport);
    return this;
  }

  async call(
    name: string,
    given: Record<string, unknown> = {},
    onProgress?: (message: string) => void,
  ): Promise<Answered> {
    const result = await this.client.callTool(
      { name: `bettertogether_${name}`, arguments: given },
      {
        timeout: 120_000,
        ...(onProgress === undefined
          ? {}
          : { onprogress: ({ message }: { message?: string | undefined }) => onProgress(message ?? '') }),
      },
    );
    const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
    return {
      text,
      isError: result.isError === true,
      data: (result.structuredContent ?? {}) as Record<string, unknown>,
    };
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

/** Runs a command of the command line with somebody at the terminal, who answers every question so. */
export async function atTerminal(
  folder: string,
  args: readonly string[],
  answer: boolean | null = true,
): Promise<{ readonly code: number; readonly said: string }> {
  let said = '';
  const terminal: Terminal = {
    out: (text) => void (said += String(text)),
    err: (text) => void (said += String(text)),
    interactive: answer !== null,
    live: false,
    columns: () => 200,
    failed: () => undefined,
    spent: () => undefined,
    confirm: () => Promise.resolve(answer === true),
    cwd: folder,
    env: process.env,
    onInterrupt: () => () => undefined,
    kill: () => undefined,
  };
  const nothing = () => Promise.reject(new Error('not wanted'));
  const compose = {
    startRun: nothing,
    planRun: nothing,
    evaluateOnce: nothing,
    showPrompt: nothing,
    reportEndpoint: nothing,
    examine: () => {
      throw new Error('not wanted');
    },
  };
  const code = await main(args, { terminal, compose, serve: nothing });
  return { code, said };
}
