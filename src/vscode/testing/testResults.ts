/** What is said of one test run. The only maker of test messages: all of it is plain text, for others wrote most of it. */
import * as vscode from 'vscode';
import { messageOf } from '../../base/errors.ts';
import type { HumanError } from '../../base/errors.ts';
import { onLines } from '../../base/visibleText.ts';
import type { Verdict } from '../../editor/tests/verdict.ts';
import { hoverText } from '../../editor/uiText.ts';

/** Of messages that have a trace behind them: `package.json` offers to open it. */
export const hasTrace = 'bettertogether.trace';

export class TestResults {
  readonly #run: vscode.TestRun;

  constructor(run: vscode.TestRun) {
    this.#run = run;
  }

  row(item: vscode.TestItem, verdict: Verdict, seconds: number): void {
    const milliseconds = 1000 * seconds;
    if (verdict.kind === 'passed') return this.#run.passed(item, milliseconds);
    const message = messageFor(verdict);
    message.contextValue = hasTrace;
    if (verdict.kind === 'failed') this.#run.failed(item, message, milliseconds);
    else this.#run.errored(item, message, milliseconds);
  }

  /** An evaluation that came to nothing. */
  broken(item: vscode.TestItem, error: HumanError): void {
    const place = error.mends.find((mend) => mend.kind === 'place');
    this.#run.errored(item, messageFor({ ...place, kind: 'errored', message: messageOf(error) }));
    this.say(messageOf(error));
  }

  /** Lines in the run's output, which is a terminal. */
  say(text: string): void {
    this.#run.appendOutput(`${onLines(text).replaceAll('\n', '\r\n')}\r\n`);
  }
}

function messageFor(verdict: Exclude<Verdict, { kind: 'passed' }>): vscode.TestMessage {
  const message = new vscode.TestMessage(hoverText(verdict.message));
  if (verdict.kind === 'failed') {
    if (verdict.sides !== null) {
      message.expectedOutput = onLines(verdict.sides.expected);
      message.actualOutput = onLines(verdict.sides.actual);
    }
    return message;
  }
  const { file, line = 1 } = verdict;
  if (file !== undefined) {
    message.location = new vscode.Location(vscode.Uri.file(file), new vscode.Position(Math.max(0, line - 1), 0));
  }
  return message;
}
