import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { exitCode, HumanError } from '../../base/errors.ts';
import { resolveHome } from '../../home/home.ts';
import type { Asking } from '../../run/doctor/endpoints.ts';
import type { Finding } from '../../run/doctor/finding.ts';
import { findingLines, findingsSummary } from '../../run/text/doctorText.ts';
import { onScreen, screenJson, screenLines } from '../../run/text/screenText.ts';
import type { Context } from '../base/context.ts';
import { abortOnInterrupt } from '../base/interrupt.ts';
import { withConsentOption } from '../base/options.ts';
import type { ConsentOptions } from '../base/options.ts';
import type { Terminal } from '../base/terminal.ts';

interface Options extends ConsentOptions {
  readonly json?: true;
}

export function addDoctor(program: Command, context: Context): void {
  const command = program
    .command('doctor')
    .description('look for what keeps runs from working: Node, Python, DSPy, model, endpoint, trainer, disk')
    .argument('[programs...]', 'keys of bettertogether.json, or file#export; by default all that are configured');
  withConsentOption(command)
    .option('--json', 'one JSON object on stdout')
    .action((programs: readonly string[], options: Options) => doctor(context, programs, options));
}

async function doctor({ terminal, compose }: Context, programs: readonly string[], options: Options): Promise<void> {
  const { cwd, env } = terminal;
  const json = options.json === true;
  const say = (line: string) => terminal.err(onScreen`${line}\n`);
  const stop = abortOnInterrupt(terminal, 'stopping.', say, 'The look was cancelled.');
  const findings: Finding[] = [];
  try {
    const asked = { programs, folder: cwd, home: resolveHome(env), env, signal: stop.signal };
    const load = () => loadConfig(cwd);
    for await (const finding of compose.examine({ ...asked, load, mayAsk: askOnce(terminal, options.yes === true) })) {
      findings.push(finding);
      if (!json) terminal.out(screenLines(findingLines(finding)));
    }
  } finally {
    stop.dispose();
  }
  if (json) terminal.out(screenJson({ type: 'doctor', findings }));
  const summary = findingsSummary(findings);
  if (findings.some(({ verdict }) => verdict === 'wrong')) throw new HumanError(summary, { exit: exitCode.failed });
  if (!json) terminal.out(onScreen`${summary}\n`);
}

/** Agreement to ask another machine for its list of models, or for a few tokens where it has none, once for each host and key. */
function askOnce(terminal: Terminal, yes: boolean): Asking['mayAsk'] {
  const answers = new Map<string, Promise<boolean>>();
  return ({ apiKeyEnv }, host) => {
    if (yes) return Promise.resolve(true);
    if (!terminal.interactive) return Promise.resolve(false);
    const key = apiKeyEnv === null ? '' : ` with the key in ${apiKeyEnv}`;
    const question = onScreen`Ask ${host}${key} what it has? That costs nothing, or a few tokens where it lists no models.`;
    const known = answers.get(`${host}${key}`) ?? terminal.confirm(question);
    answers.set(`${host}${key}`, known);
    return known;
  };
}
