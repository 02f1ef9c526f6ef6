/** What is looked at from outside. */
import { join } from 'node:path';
import type { Intents } from './intents.ts';
import type { Server } from './serverProcess.ts';

/** Names of the models that a server lists. */
export async function modelsAt({ baseURL }: Pick<Server, 'baseURL'>): Promise<readonly string[]> {
  const { data } = (await (await fetch(`${baseURL}/models`)).json()) as { data: readonly { readonly id: string }[] };
  return data.map(({ id }) => id);
}

/** The PEFT folder of the latest run's model, as `export` takes it home. */
export async function adapterOf(example: Intents, model: string): Promise<string> {
  const weights = join(example.folder, 'weights');
  const { code, stderr } = await example.run(['export', 'latest', '--format', 'json', '--weights', weights]);
  if (code !== 0) throw new Error(stderr);
  return join(weights, model, 'peft');
}

export const say = (line: string): void => void process.stderr.write(`${line}\n`);
