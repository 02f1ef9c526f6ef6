import { PassThrough } from 'node:stream';
import { createMessageConnection, RequestType, StreamMessageReader } from 'vscode-jsonrpc/node';
import { expect, it } from 'vitest';
import { BatchingMessageWriter } from '../../../src/host/batchingWriter.ts';
import '../../../src/host/oneTurn.ts';

const double = new RequestType<number, number, void>('double');

const message = (id: number): string => {
  const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'double', params: [id] });
  return `Content-Length: ${body.length}\r\n\r\n${body}`;
};

it('handles messages that came together in one turn, in order, and answers them by one write', async () => {
  const [incoming, outgoing] = [new PassThrough(), new PassThrough()];
  const connection = createMessageConnection(new StreamMessageReader(incoming), new BatchingMessageWriter(outgoing));
  const handled: number[] = [];
  connection.onRequest(double, (n) => {
    handled.push(n);
    return 2 * n;
  });
  const writes: string[] = [];
  outgoing.on('data', (bytes: Buffer) => writes.push(bytes.toString('utf8')));
  connection.listen();
  const numbers = Array.from({ length: 100 }, (_, i) => i);
  const handledByTurn: number[] = [];
  incoming.write(numbers.map(message).join(''));
  while (writes.length === 0) {
    await new Promise((resolve) => setImmediate(resolve));
    handledByTurn.push(handled.length);
  }
  expect(new Set(handledByTurn.filter((count) => count > 0))).toEqual(new Set([100]));
  expect(handled).toEqual(numbers);
  expect(writes).toHaveLength(1);
  expect(writes[0]!.match(/"result":\d+/g)).toEqual(numbers.map((n) => `"result":${2 * n}`));
  connection.dispose();
});
