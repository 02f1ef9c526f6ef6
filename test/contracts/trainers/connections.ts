import { connect } from '../../../src/lm/connection.ts';
import type { Connection } from '../../../src/lm/connection.ts';
import type { Endpoint } from '../../../src/lm/endpoint.ts';
import type { RetryOptions } from '../../../src/lm/retry.ts';
import { secret } from '../trainer.ts';

/** Gives up within a second, so that a test of what is away is short. */
export const quick: RetryOptions = {
  firstSeconds: 0.001,
  longestSeconds: 0.01,
  patienceSeconds: 0.5,
  firstContactSeconds: 0.3,
};

export const pollSeconds = 0.005;

/** Connections of one service, which are closed with it. All of them have the key that no trainer may show. */
export function connections() {
  const open: Connection[] = [];
  return {
    connect(endpoint: Endpoint): Connection {
      const made = connect(endpoint, { resolveKey: () => secret });
      open.push(made);
      return made;
    },
    async closeAll(): Promise<void> {
      await Promise.all(open.map((connection) => connection.close()));
    },
  };
}
