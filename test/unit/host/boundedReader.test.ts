import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { Message } from 'vscode-jsonrpc/node';
import { describe, expect, it } from 'vitest';
import { BoundedMessageReader } from '../../../src/host/boundedReader.ts';

const framed = (body: string): string => `Content-Length: ${body.length}\r\n\r\n${body}`;

function reading(bytesAtMost: number) {
  const stream = new PassThrough();
  const messages: Message[] = [];
  const reader = new BoundedMessageReader(stream, bytesAtMost);
  let closed = false;
  reader.onClose(() => (closed = true));
  reader.listen((message) => messages.push(message));
  return { stream, reader, messages, closed: () => closed };
}

describe('messages of a host', () => {
  it('come through however many there are', async () => {
    const { stream, reader, messages } = reading(100);
    for (let i = 0; i < 50; i++) {
      stream.write(framed('{"jsonrpc":"2.0"}'));
      await turn();
    }
    expect(messages).toHaveLength(50);
    expect(reader.lastWords).toBe('');
  });

  it.each([framed(`"${'x'.repeat(200)}"`), `Content-Length: 99999999999\r\n\r\n${'x'.repeat(200)}`, 'x'.repeat(200)])(
    'close the pipe when one has no end (%#)',
    async (sent) => {
      const { stream, reader, messages, closed } = reading(100);
      for (let at = 0; at < sent.length && !closed(); at += 50) {
        stream.write(sent.slice(at, at + 50));
        await turn();
      }
      await turn();
      expect(messages).toEqual([]);
      expect(closed()).toBe(true);
      expect(reader.lastWords).toContain('a value that the program returned or asked with is larger than');
    },
  );
});
