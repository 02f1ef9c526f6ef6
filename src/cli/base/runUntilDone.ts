import type { RunRequest } from '../../run/work/request.ts';
import type { LoggedEvent, RunResult } from '../../protocol.ts';
import { readRun } from '../../run/reading/summary.ts';
import { watchForCancel } from '../../run/record/cancelRequest.ts';
import type { Context } from './context.ts';
import { InBatches } from './inBatches.ts';
import { abortOnInterrupt } from './interrupt.ts';
import { priceLines } from '../../run/text/price.ts';
import { Progress } from '../../run/text/progress.ts';
import { joined, onScreen, screenJson } from '../../run/text/screenText.ts';
import { resultTable } from '../../run/text/table.ts';

/** Works on a run with progress on stderr; prints the result, or with `json` every event and then the result. */
export async function runUntilDone(context: Context, request: RunRequest, json: boolean): Promise<RunResult> {
  const { terminal, compose } = context;
  const before = request.resumed ? (await readRun(request.run)).view : undefined;
  const progress = new Progress(terminal, undefined, before);
  const resume = `bettertogether resume ${request.run.id}`;
  const events = new InBatches<LoggedEvent>((batch) => {
    for (const event of batch) progress.onEvent(event);
    if (json) terminal.out(joined(batch.map((event) => screenJson(event))));
  });
  const say = (line: string): void => {
    events.flush();
    progress.line(line);
  };
  const stop = abortOnInterrupt(
    terminal,
    `stopping; \`${resume}\` goes on from here. Ctrl-C again kills.`,
    say,
    `The run was cancelled. \`${resume}\` goes on where it stopped.`,
  );
  const unwatch = watchForCancel(request.run.folder, () => {
    stop.abort(`stopping, as \`bettertogether cancel\` asked; \`${resume}\` goes on from here.`);
  });
  try {
    const result = await compose.startRun(request, {
      signal: stop.signal,
      log: say,
      onPrice: (price) => {
        for (const line of priceLines(price, request.config, request.budget)) say(line);
      },
      onEvent: (event) => events.add(event),
    });
    events.flush();
    progress.end();
    terminal.out(json ? screenJson(result) : onScreen`\n${resultTable(progress.view, result)}`);
    return result;
  } catch (error) {
    events.flush();
    progress.end();
    const { started, steps } = progress.view;
    if (started !== null && steps.some(({ evaluations }) => Object.keys(evaluations).length > 0)) {
      terminal.err(onScreen`\nuntil then:\n${resultTable(progress.view, null)}`);
    }
    if (started !== null) terminal.err(onScreen`\`${resume}\` goes on with this run.\n`);
    throw error;
  } finally {
    unwatch();
    stop.dispose();
  }
}
