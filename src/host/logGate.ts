import { StringDecoder } from 'node:string_decoder';
import type { LogParams } from './protocol.ts';

export interface LogGateOptions {
  readonly onLog: (log: LogParams) => void;
  /** Bytes a second that get through on average, over both streams. */
  readonly bytesPerSecond?: number;
  /** Bytes that get through at once. */
  readonly burst?: number;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
}

export interface LogGate {
  /** What user code printed, in pieces of any size and any bytes. */
  write(stream: LogParams['stream'], bytes: Buffer | string): void;
  /** Says what was held back and passes on unfinished lines. */
  end(): void;
}

const longestLine = 4096;

/**
 * Passes on what user code prints, whole lines at a time and not faster than a person could scroll through: a program
 * that prints megabytes costs the run nothing. What is held back is counted and said.
 */
export function createLogGate(options: LogGateOptions): LogGate {
  const now = options.now ?? (() => performance.now());
  const rate = (options.bytesPerSecond ?? 64 * 1024) / 1000;
  const burst = options.burst ?? 256 * 1024;
  const streams = { stdout: lineBuffer(), stderr: lineBuffer() };
  let allowance = burst;
  let last = now();
  let dropped = 0;

  function emit(stream: LogParams['stream'], text: string): void {
    if (text === '') return;
    const time = now();
    allowance = Math.min(burst, allowance + (time - last) * rate);
    last = time;
    const size = Buffer.byteLength(text);
    if (size > allowance) {
      dropped += size;
      return;
    }
    sayDropped();
    allowance -= size;
    options.onLog({ stream, text });
  }

  function sayDropped(): void {
    if (dropped === 0) return;
    const bytes = dropped;
    dropped = 0;
    options.onLog({ stream: 'stderr', text: `[${bytes} bytes of the program's output are not shown]\n` });
  }

  return {
    write(stream, bytes) {
      for (const lines of streams[stream].push(bytes)) emit(stream, lines);
    },
    end() {
      for (const stream of ['stdout', 'stderr'] as const) emit(stream, streams[stream].rest());
      sayDropped();
    },
  };
}

/** Cuts bytes into runs of whole lines; a line without end is cut so that it cannot grow in memory. */
function lineBuffer(): { push(bytes: Buffer | string): string[]; rest(): string } {
  const decoder = new StringDecoder('utf8');
  let open = '';
  return {
    push(bytes) {
      const text = asShown(open + (typeof bytes === 'string' ? bytes : decoder.write(bytes)));
      const end = text.lastIndexOf('\n') + 1;
      const pieces: string[] = [];
      for (let at = 0; at < end; at += longestLine * 4)
        pieces.push(text.slice(at, Math.min(end, at + longestLine * 4)));
      open = text.slice(end);
      while (open.length > longestLine) {
        pieces.push(`${open.slice(0, longestLine)}\n`);
        open = open.slice(longestLine);
      }
      return pieces;
    },
    rest() {
      const text = open + decoder.end();
      open = '';
      return text;
    },
  };
}

/** Of a line that was written over, as progress bars are, what it shows in the end. */
function asShown(text: string): string {
  if (!text.includes('\r')) return text;
  const lines = text.split('\n').map((line) => line.slice(line.lastIndexOf('\r', line.length - 2) + 1));
  return lines.join('\n');
}
