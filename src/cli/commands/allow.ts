/** What a person lets agents do with a program without being asked again: said at a terminal, and nowhere else. */
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { loadConfig } from '../../config/load.ts';
import { checkPrices, resolveProgram } from '../../config/resolve.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { formatStrategy } from '../../data/strategy.ts';
import { goesOn, leftOf, runsHolding, usedOf } from '../../run/allow/account.ts';
import { putAllowance, readAllowance, removeAllowance } from '../../run/allow/allowance.ts';
import type { AllowedCaps, Allowance } from '../../run/allow/allowance.ts';
import { termsOf } from '../../run/allow/terms.ts';
import { onScreen, screenLines } from '../../run/text/screenText.ts';
import { quoted } from '../../view/words.ts';
import { allowedText } from '../base/allowedText.ts';
import { destinationSentences } from '../base/consent.ts';
import type { Context } from '../base/context.ts';
import { withAllowedCaps } from '../base/options.ts';
import type { Terminal } from '../base/terminal.ts';

interface Options {
  readonly budgetCalls?: number;
  readonly budgetUsd?: number;
  readonly revoke?: true;
}

export function addAllow(program: Command, context: Context): void {
  const command = program
    .command('allow')
    .description(
      'let agents (`bettertogether mcp`) run a program under one cap over all they start; asks you, at a terminal',
    )
    .argument('<program>', 'a key of bettertogether.json');
  withAllowedCaps(command)
    .option('--revoke', 'take back what was allowed; runs under way go on until they are cancelled')
    .addHelpText('after', '\nWithout a cap and without --revoke, says what is allowed and what is left of it.')
    .action((asked: string, options: Options) => allow(context, asked, options));
}

async function allow({ terminal }: Context, asked: string, options: Options): Promise<void> {
  const loaded = await loadConfig(terminal.cwd);
  const { workspace } = loaded;
  const budget = { calls: options.budgetCalls ?? null, usd: options.budgetUsd ?? null };
  const isCapped = budget.calls !== null || budget.usd !== null;
  if (options.revoke === true) {
    if (isCapped) throw new UsageError('--revoke takes no cap.');
    return revoke(terminal, workspace, asked);
  }
  if (!isCapped) return tell(terminal, workspace, asked);
  if (!Object.hasOwn(loaded.config.programs ?? {}, asked)) {
    throw new UsageError(
      `${quoted(asked)} is not a key of "programs" in bettertogether.json: only such a program is offered to agents.`,
    );
  }
  const config = await resolveProgram(loaded, asked, {}, terminal.cwd);
  checkPrices(config, { ...budget, tokens: null });
  if (asksEditor(config) && budget.calls === null) {
    throw new UsageError(
      `${quoted(asked)} may ask models of VS Code, whose calls use up the plan of your account there and count as $0: give --budget-calls too.`,
    );
  }
  if (!terminal.interactive) {
    throw new UsageError(
      '`allow` asks a person, and there is no terminal to ask at. Run it in a terminal yourself; there is no option that answers for you.',
    );
  }
  terminal.err(screenLines(meaning(config, budget)));
  if (!(await terminal.confirm(onScreen`Allow this?`))) throw new UsageError('Nothing was allowed.');
  const created = new Date().toISOString();
  const terms = [...termsOf(config)];
  const allowed = await putAllowance({ workspace, program: asked, created, terms, budget }, goesOn);
  terminal.out(onScreen`allowed: ${asked}, ${allowedText(budget, leftOf(allowed, await usedOf(allowed)))}\n`);
  await tellHolding(terminal, allowed);
}

function meaning(config: ResolvedProgram, budget: AllowedCaps): readonly string[] {
  const { key, program, strategy, model, endpoint } = config;
  const terms = termsOf(config).map((term) => `  ${term}`);
  return [
    `Agents that use \`bettertogether mcp\` here may then, without asking you again:`,
    `run ${quoted(key)} (${program.file}#${program.name}), its metric and code of its data, with your rights, as they are at that time: who may edit them can run anything;`,
    `evaluate and optimize it (${formatStrategy(strategy) || 'no steps'}; ${model} on ${quoted(endpoint.name)}).`,
    ...destinationSentences(config, 'run'),
    ...uncounted(config, budget),
    ...(asksEditor(config)
      ? [
          'Calls of models of VS Code use up the plan of your account there: they count as calls, and in dollars only where bettertogether.json gives them prices.',
        ]
      : []),
    `In all it is capped at ${allowedText(budget, budget).replaceAll(/, of which .*?(?=;|$)/g, '')}, over all they start, failed and stopped runs included.`,
    'It holds for this, and is asked again where anything else is wanted:',
    ...terms,
    `\`bettertogether allow ${key} --revoke\` takes it back.`,
  ];
}

const asksEditor = ({ services = [] }: ResolvedProgram): boolean => services.some(({ editor }) => editor === true);

/** A cap in calls holds calls, whatever they cost. */
function uncounted({ endpoint }: ResolvedProgram, { usd }: AllowedCaps): readonly string[] {
  if (usd !== null || endpoint.kind === 'embedded') return [];
  const known = endpoint.prices === null ? `No price is known for endpoint ${quoted(endpoint.name)}: ` : '';
  return [`${known}${known === '' ? 'C' : 'c'}alls are counted, and not what they or training jobs cost.`];
}

async function tell(terminal: Terminal, workspace: string, asked: string): Promise<void> {
  const allowance = await readAllowance(workspace, asked);
  if (allowance === null) {
    return terminal.out(
      onScreen`nothing is allowed for ${asked}; give a cap to allow it: --budget-usd or --budget-calls\n`,
    );
  }
  const left = leftOf(allowance, await usedOf(allowance));
  terminal.out(onScreen`${asked}: ${allowedText(allowance.budget, left)}, since ${allowance.created}\n`);
  await tellHolding(terminal, allowance);
}

/** A run that was killed never ends by itself. */
async function tellHolding(terminal: Terminal, allowance: Allowance): Promise<void> {
  const runs = await runsHolding(allowance);
  if (runs.length === 0) return;
  terminal.out(
    onScreen`counted as their whole caps until they end: ${runs.join(', ')}. \`bettertogether resume\` goes on with one that was killed.\n`,
  );
}

/** Taking back needs no question. A record that was tampered with allows nothing already, and goes too. */
async function revoke(terminal: Terminal, workspace: string, asked: string): Promise<void> {
  await removeAllowance(workspace, asked);
  terminal.out(onScreen`nothing is allowed for ${asked} any more\n`);
}
