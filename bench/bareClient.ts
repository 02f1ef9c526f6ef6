import { Agent, request } from 'undici';
import { spawnFakeEndpoint } from '../test/fakes/spawnFakeEndpoint.ts';
import { firstOfDev, sampling } from './searchWork.ts';

/**
 * Seconds that rounds of calls take with nothing around them: plain requests, all calls of a round at once, a round after the
 * other. What the endpoint and this machine take beyond the latency is in it.
 *
 * @param rounds calls of each.
 */
export async function bareClient(rounds: readonly number[], latencyMs: number): Promise<number> {
  const fake = await spawnFakeEndpoint({ latencyMs, script: 'rules' });
  const dispatcher = new Agent();
  let row = firstOfDev;
  const ask = async () => {
    const { body } = await request(`${fake.baseURL}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'base', messages: messagesOf(row++), ...sampling }),
      dispatcher,
    });
    JSON.parse(await body.text());
  };
  const all = (calls: number) => Promise.all(Array.from({ length: calls }, ask));
  try {
    for (let warm = 0; warm < 5; warm++) await all(30);
    const began = performance.now();
    for (const calls of rounds) await all(calls);
    return (performance.now() - began) / 1000;
  } finally {
    await dispatcher.close();
    await fake.close();
  }
}

/** About as long as what a search asks. */
function messagesOf(row: number): readonly object[] {
  return [
    { role: 'system', content: `Label the text.\n${'What is to be done is said here. '.repeat(20)}` },
    { role: 'user', content: `#${row}/3\n\nRespond with the field \`[[ ## label ## ]]\`.` },
  ];
}
