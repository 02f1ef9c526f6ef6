import { createInterface } from 'node:readline/promises';
import { codeOf } from '../../base/errors.ts';
import type { Mend } from '../../base/mend.ts';
import type { Usage } from '../../protocol.ts';
import { onScreen } from '../../run/text/screenText.ts';
import type { ScreenText } from '../../run/text/screenText.ts';

/** What commands see of the world outside: results go to `out`, everything else to `err`. */
export interface Terminal {
  out(text: ScreenText): void;
  err(text: ScreenText): void;
  /** Somebody can see `err` and answer. */
  readonly interactive: boolean;
  /** `err` is a terminal: a line may be drawn over. */
  readonly live: boolean;
  columns(): number;
  /** Sends why the command failed and what mends it, and nothing else, to the process that started this one, if it listens (Node's channel). */
  failed(message: string, mends: readonly Mend[]): void;
  /** Sends the same process what was paid for, however the work ends. */
  spent(usage: Usage): void;
  /** Asks until yes or no was answered. */
  confirm(question: ScreenText): Promise<boolean>;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Calls the handler at Ctrl-C and at a request to end; returns what takes it back. */
  onInterrupt(handler: () => void): () => void;
  /** Ends the process at once. */
  kill(code: number): void;
}

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  // A reader that went away (`… | head`) ends output, not the run.
  stdout.on('error', ignorePipe);
  stderr.on('error', ignorePipe);
  return {
    out: (text) => void stdout.write(String(text)),
    err: (text) => void stderr.write(String(text)),
    interactive: stdin.isTTY && stderr.isTTY,
    live: stderr.isTTY,
    columns: () => stderr.columns ?? 100,
    failed: (message, mends) => void process.send?.({ failed: message, mends }),
    spent: (spent) => void process.send?.({ spent }),
    confirm,
    cwd: process.cwd(),
    env: process.env,
    onInterrupt: (handler) => {
      const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
      for (const signal of signals) process.on(signal, handler);
      return () => {
        for (const signal of signals) process.off(signal, handler);
      };
    },
    kill: (code) => process.exit(code),
  };
}

async function confirm(question: ScreenText): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (;;) {
      const answer = (await lines.question(String(onScreen`${question} [y/N] `))).trim().toLowerCase();
      if (answer === 'y' || answer === 'yes') return true;
      if (answer === '' || answer === 'n' || answer === 'no') return false;
    }
  } finally {
    lines.close();
  }
}

function ignorePipe(error: unknown): void {
  if (codeOf(error) !== 'EPIPE') throw error;
}
