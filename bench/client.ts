import OpenAI from 'openai';
import { connect } from '../src/lm/connection.ts';
import { defineEndpoint } from '../src/lm/endpoint.ts';

/** A client under measurement. */
export interface BenchClient {
  readonly openai: OpenAI;
  close(): Promise<void>;
}

/** The package as its users have it. */
export function usualClient(baseURL: string): BenchClient {
  return { openai: new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 }), close: () => Promise.resolve() };
}

/** The package over our agent and transport. */
export function ourClient(baseURL: string): BenchClient {
  return connect(defineEndpoint({ name: 'bench', baseURL }));
}

/**
 * CPU seconds a call of the `openai` package with nothing of ours around it. Runs in this process, which does nothing
 * else meanwhile.
 */
export async function clientCpuPerCall(client: BenchClient, calls: number, concurrency: number): Promise<number> {
  const { openai } = client;
  const content = `[[ ## question ## ]]\n${'A train leaves the station. '.repeat(12)}\n\n[[ ## answer ## ]]`;
  const ask = (id: number) =>
    openai.chat.completions.create({ model: 'base', messages: [{ role: 'user', content: `${content} ${id}` }] });
  await Promise.all(Array.from({ length: 200 }, (_, id) => ask(-id)));
  const before = process.cpuUsage();
  let next = 0;
  const worker = async () => {
    while (next < calls) await ask(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const { user, system } = process.cpuUsage(before);
  await client.close();
  return (user + system) / 1e6 / calls;
}
