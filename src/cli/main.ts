import { Command, CommanderError } from 'commander';
import { HumanError, codeOf, exitCode, messageOf } from '../base/errors.ts';
import { withoutKeys } from '../base/keys.ts';
import { guidesIn } from '../home/guides.ts';
import type { ExitCode } from '../base/errors.ts';
import { version } from '../run/record/manifest.ts';
import { onScreen, screenBlock, screenError, screenLines } from '../run/text/screenText.ts';
import { addAdopt } from './commands/adopt.ts';
import { addAllow } from './commands/allow.ts';
import { addCancel } from './commands/cancel.ts';
import { addCompare } from './commands/compare.ts';
import { addDetect } from './commands/detect.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEndpoint } from './commands/endpoint.ts';
import { addEvaluate } from './commands/evaluate.ts';
import { addExport } from './commands/export.ts';
import { addMcp } from './commands/mcp.ts';
import { addNotebook } from './commands/notebook.ts';
import { addOptimize } from './commands/optimize.ts';
import { addPrompt } from './commands/prompt.ts';
import { addPrune } from './commands/prune.ts';
import { addResume } from './commands/resume.ts';
import { addRows } from './commands/rows.ts';
import { addRuns } from './commands/runs.ts';
import { addServe } from './commands/serve.ts';
import { addSetup } from './commands/setup.ts';
import { addShow } from './commands/show.ts';
import type { Context } from './base/context.ts';
import type { Terminal } from './base/terminal.ts';

const exitHelp =
  'Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 stopped by budget, 4 below --min-score, 130 cancelled.';

/** Runs a command line, without the names of node and script; resolves to the exit code. Never rejects. */
export async function main(args: readonly string[], context: Context): Promise<ExitCode> {
  const { terminal } = context;
  try {
    await buildProgram(context).parseAsync([...args], { from: 'user' });
    return exitCode.done;
  } catch (error) {
    return tellError(error, terminal);
  }
}

function buildProgram(context: Context): Command {
  const { terminal } = context;
  const program = new Command('bettertogether')
    .description('Makes LM programs better: prompt search (p) and weight fine-tuning (w) in turn, on your own data.')
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => terminal.out(screenBlock(text)),
      writeErr: (text) => terminal.err(screenBlock(text)),
    })
    .addHelpText('after', `\n${exitHelp}`);
  for (const add of [
    addDetect,
    addEvaluate,
    addOptimize,
    addCompare,
    addResume,
    addCancel,
    addRuns,
    addRows,
    addShow,
    addPrune,
    addAdopt,
    addExport,
    addPrompt,
    addNotebook,
    addEndpoint,
    addServe,
    addMcp,
    addAllow,
    addSetup,
    addDoctor,
  ]) {
    add(program, context);
  }
  return program;
}

/** Errors for people as they are; anything else is a bug of ours and is shown with its stack. */
export function tellError(error: unknown, terminal: Terminal): ExitCode {
  // Commander has said what is wrong; help and version end this way too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.usage;
  if (error instanceof HumanError) {
    const message = withoutKeys(error.message);
    terminal.err(screenError(message));
    terminal.err(screenLines(guidesIn(message).map(({ name, file }) => `  ${name}: ${file}`)));
    terminal.failed(message, error.mends);
    return error.exit;
  }
  if (codeOf(error) === 'ENOSPC') {
    const where = withoutKeys(messageOf(error));
    terminal.err(onScreen`The disk is full: ${where}. Make room (\`bettertogether prune\`), then try again.\n`);
    return exitCode.failed;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.err(onScreen`This is a bug in BetterTogether, not yours:\n${screenError(withoutKeys(stack))}`);
  return exitCode.failed;
}
