import type { Readable } from 'node:stream';
import { StreamMessageReader } from 'vscode-jsonrpc/node';
import type { DataCallback, Disposable } from 'vscode-jsonrpc/node';
import { hostMessageBytesAtMost, inMebibytes } from '../base/limits.ts';

/**
 * Reads messages of a program host, which runs user code: one without end would fill the memory. What is too long
 * closes the pipe, as the end of a process does.
 */
export class BoundedMessageReader extends StreamMessageReader {
  readonly #bytesAtMost: number;
  #bytes = 0;
  #tooLong = false;

  /** @param bytesAtMost of one message; for tests. */
  constructor(stream: Readable, bytesAtMost: number = hostMessageBytesAtMost) {
    super(stream);
    this.#bytesAtMost = bytesAtMost;
    stream.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length;
      if (this.#bytes <= bytesAtMost || this.#tooLong) return;
      this.#tooLong = true;
      stream.destroy();
    });
  }

  /** Why the pipe was closed from here; empty where it was not. */
  get lastWords(): string {
    if (!this.#tooLong) return '';
    return `a value that the program returned or asked with is larger than ${inMebibytes(this.#bytesAtMost)}`;
  }

  override listen(callback: DataCallback): Disposable {
    return super.listen((message) => {
      this.#bytes = 0;
      callback(message);
    });
  }
}
