/** Requests a second of a server, as runs send them: short chats, many at once. */
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';

export interface Throughput {
  readonly requests: number;
  readonly inFlight: number;
  readonly perSecond: number;
}

/** Each request is another one, so that no answer is remembered on the way. @param apiKeyEnv of its key. */
export async function throughputOf(
  { baseURL, model }: { readonly baseURL: string; readonly model: string },
  inFlight: number,
  requests: number,
  apiKeyEnv: string | null = null,
): Promise<Throughput> {
  const connection = connect(defineEndpoint({ name: 'server', baseURL, apiKeyEnv }));
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < requests) {
      const content = `Classify the user's utterance into one domain. Utterance: transfer ${next++} dollars to Anna`;
      const request = { model, temperature: 0, max_tokens: 8, messages: [{ role: 'user' as const, content }] };
      // Servers with few threads close connections under load.
      await connection.openai.chat.completions.create(request, { maxRetries: 3 });
    }
  };
  try {
    await connection.openai.chat.completions.create({
      model,
      max_tokens: 1,
      messages: [{ role: 'user', content: 'a' }],
    });
    const began = performance.now();
    await Promise.all(Array.from({ length: inFlight }, worker));
    return { requests, inFlight, perSecond: requests / ((performance.now() - began) / 1000) };
  } finally {
    await connection.close();
  }
}
