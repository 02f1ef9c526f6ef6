import { writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { AbstractMessageWriter } from 'vscode-jsonrpc/node';
import type { Message, MessageWriter } from 'vscode-jsonrpc/node';

/**
 * The framing of vscode-jsonrpc's own stream writer, but all messages of one turn of the event loop go out in one
 * write. Its writer takes two writes and several turns per message, which is most of the cost of an LM call when
 * hundreds of program runs are under way.
 */
export class BatchingMessageWriter extends AbstractMessageWriter implements MessageWriter {
  private readonly stream: Writable;
  private pending: string[] = [];

  constructor(stream: Writable) {
    super();
    this.stream = stream;
    stream.on('error', (error) => this.fireError(error));
    stream.on('close', () => this.fireClose());
  }

  write(message: Message): Promise<void> {
    let body: string;
    try {
      body = JSON.stringify(message);
    } catch (error) {
      this.fireError(error, message);
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    this.pending.push(headerOf(body), body);
    if (this.pending.length === 2) setImmediate(() => this.flush());
    return Promise.resolve();
  }

  /** Writes what waits, and a last message, to the stream's descriptor before it returns: the process ends after it. */
  writeNow(message: Message, descriptor: number): void {
    const body = JSON.stringify(message);
    let bytes = Buffer.from([...this.pending, headerOf(body), body].join(''), 'utf8');
    this.pending = [];
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(descriptor, bytes));
  }

  end(): void {
    this.flush();
    this.stream.end();
  }

  private flush(): void {
    if (this.pending.length === 0) return;
    // Encoded here: for long strings the stream would set three bytes a character aside.
    const bytes = Buffer.from(this.pending.join(''), 'utf8');
    this.pending = [];
    if (!this.stream.destroyed && !this.stream.writableEnded) this.stream.write(bytes);
  }
}

function headerOf(body: string): string {
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
}
