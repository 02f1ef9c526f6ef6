/** Another extension that calls language model tools as an agent does, and is told by files what to call. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export interface Answered {
  readonly text?: string;
  readonly error?: string;
  readonly tools?: readonly { readonly name: string; readonly description: string; readonly inputSchema: unknown }[];
}

/** The extension's folder. */
export const invoker = fileURLToPath(new URL('invoker', import.meta.url));

let requests = 0;

/** Leaves a request for the extension in the workspace, and waits for what it got; an empty one lists the tools. */
export async function askInvoker(workspace: string, request: object): Promise<Answered> {
  const folder = join(workspace, '.invoker');
  mkdirSync(folder, { recursive: true });
  const name = String(++requests);
  writeFileSync(join(folder, 'draft'), JSON.stringify(request));
  renameSync(join(folder, 'draft'), join(folder, `${name}.request.json`));
  const file = join(folder, `${name}.answer.json`);
  await expect.poll(() => existsSync(file), { timeout: 120_000 }).toBe(true);
  return JSON.parse(readFileSync(file, 'utf8')) as Answered;
}
