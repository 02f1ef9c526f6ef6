import { defineEndpoint } from '../src/lm/endpoint.ts';
import { connect } from '../src/lm/connection.ts';

/**
 * The floor: CPU seconds a call of the `openai` package over the same agent, with nothing of ours around it. Runs in
 * this process, which does nothing else meanwhile.
 */
export async function clientCpuPerCall(baseURL: string, calls: number, concurrency: number): Promise<number> {
  const { openai, close } = connect(defineEndpoint({ name: 'bench', baseURL }));
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
  await close();
  return (user + system) / 1e6 / calls;
}
