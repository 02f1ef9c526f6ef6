import { Command, CommanderError } from 'commander';
import { HumanError, codeOf, exitCode, messageOf } from '../base/errors.ts';
import { withoutKeys } from '../base/keys.ts';
import { guidesIn } from '../home/guides.ts';
import type { ExitCode } from '../base/errors.ts';
import { version } from '../run/record/manifest.ts';
import { onScreen, screenBlock, screenError, screenLines } from '../run/text/screenText.ts';
import type { Context } from './base/context.ts';
import type { Terminal } from './base/terminal.ts';

const exitHelp =
  'Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 stopped by budget, 4 below --min-score, 130 cancelled.';

/** Each is loaded by its name alone: a command starts in the time that its own code takes. In the order of the help. */
const commands = {
  detect: async () => (await import('./commands/detect.ts')).addDetect,
  evaluate: async () => (await import('./commands/evaluate.ts')).addEvaluate,
  optimize: async () => (await import('./commands/optimize.ts')).addOptimize,
  compare: async () => (await import('./commands/compare.ts')).addCompare,
  resume: async () => (await import('./commands/resume.ts')).addResume,
  cancel: async () => (await import('./commands/cancel.ts')).addCancel,
  runs: async () => (await import('./commands/runs.ts')).addRuns,
  rows: async () => (await import('./commands/rows.ts')).addRows,
  show: async () => (await import('./commands/show.ts')).addShow,
  prune: async () => (await import('./commands/prune.ts')).addPrune,
  adopt: async () => (await import('./commands/adopt.ts')).addAdopt,
  export: async () => (await import('./commands/export.ts')).addExport,
  prompt: async () => (await import('./commands/prompt.ts')).addPrompt,
  notebook: async () => (await import('./commands/notebook.ts')).addNotebook,
  endpoint: async () => (await import('./commands/endpoint.ts')).addEndpoint,
  serve: async () => (await import('./commands/serve.ts')).addServe,
  mcp: async () => (await import('./commands/mcp.ts')).addMcp,
  allow: async () => (await import('./commands/allow.ts')).addAllow,
  setup: async () => (await import('./commands/setup.ts')).addSetup,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
} satisfies Record<string, () => Promise<(program: Command, context: Context) => void>>;

/** Runs a command line, without the names of node and script; resolves to the exit code. Never rejects. */
export async function main(args: readonly string[], context: Context): Promise<ExitCode> {
  const { terminal } = context;
  try {
    const program = await buildProgram(args, context);
    await program.parseAsync([...args], { from: 'user' });
    return exitCode.done;
  } catch (error) {
    return tellError(error, terminal);
  }
}

async function buildProgram(args: readonly string[], context: Context): Promise<Command> {
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
  for (const add of await Promise.all(asked(args).map((load) => load()))) add(program, context);
  return program;
}

/** The command that is named first; all of them where that is none: help, or a name that another one is suggested for. */
function asked([name = '']: readonly string[]) {
  if (name === '--version') return [];
  return Object.hasOwn(commands, name) ? [commands[name as keyof typeof commands]] : Object.values(commands);
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
