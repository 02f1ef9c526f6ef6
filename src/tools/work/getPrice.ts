/** What an evaluation or an optimization would take, told before it may be started. */
import * as l10n from '../../base/l10n.ts';
import * as z from 'zod';
import { HumanError, exitCode } from '../../base/errors.ts';
import { agreedHash } from '../../config/agreed.ts';
import type { BudgetCaps } from '../../config/resolved.ts';
import { formatStrategy } from '../../data/strategy.ts';
import { waitForCli } from '../../editor/processes/cliProcess.ts';
import { destinationText, expectedText, mostText } from '../../editor/settings/planText.ts';
import type { Estimate } from '../../engine/estimate.ts';
import { loadProgramData } from '../../run/data/loadData.ts';
import type { ProgramData } from '../../run/data/loadData.ts';
import { consequencesOf } from '../../run/work/consequences.ts';
import type { RunPlan } from '../../run/work/request.ts';
import { capLines, missingPrice } from '../../run/text/price.ts';
import { rowsTell } from '../../view/rowsTell.ts';
import { plural } from '../../view/words.ts';
import { cut } from '../base/bounded.ts';
import { requireSomeLeft } from '../base/caps.ts';
import type { Left } from '../base/host.ts';
import { folderInput, fromInput, programInput, strategyInput } from '../base/inputs.ts';
import { priceMinutes } from '../base/priceTokens.ts';
import { defineTool } from '../base/tool.ts';
import { evaluateTool, optimizeTool, priceTool } from '../base/names.ts';
import { boundOf, plannedWork, workText } from './plannedWork.ts';
import type { AskedWork, PlannedWork } from './plannedWork.ts';

/** An estimate runs five rows: what it may pay for at most, whatever they ask. */
const estimateCalls = 100;
const estimateUsd = 0.25;

const estimateSchema = z.object({ expected: z.number(), most: z.number() });

const output = z.object({
  price_token: z.string(),
  /** ISO 8601. */
  expires: z.string(),
  for_tool: z.string(),
  program: z.string(),
  strategy: z.string(),
  model: z.string(),
  endpoint: z.string(),
  rows: z.object({ train: z.number(), dev: z.number(), test: z.number().nullable() }),
  calls: estimateSchema,
  /** `null`: no price is known. */
  usd: estimateSchema.nullable(),
  /** Without training; `null`: not known. */
  seconds: estimateSchema.nullable(),
  training_jobs: z.number(),
  /** Of the program's configuration; nothing may go over it. */
  configured_cap: z.object({ calls: z.number().nullable(), tokens: z.number().nullable(), usd: z.number().nullable() }),
  /** Where rows, code and keys go. */
  sends: z.string(),
  notes: z.array(z.string()),
  /** LM calls that the estimate itself paid for. */
  paid_calls: z.number(),
});

const input = z.strictObject({
  program: programInput,
  for: z
    .enum(['optimize', 'evaluate'])
    .describe(`What is to be started: "optimize" for ${optimizeTool}, "evaluate" for ${evaluateTool}.`),
  strategy: strategyInput,
  split: z
    .enum(['dev', 'test'])
    .optional()
    .describe(
      'Only for "evaluate": "dev" (default) measures on the dev rows, "test" on dev and on the held-out test rows.',
    ),
  from: fromInput,
  folder: folderInput,
});

const asked = (given: z.output<typeof input>): AskedWork => ({
  ...given,
  tool: given.for === 'evaluate' ? evaluateTool : optimizeTool,
});

export const getPrice = defineTool({
  name: priceTool,
  title: 'Price of a run',
  forPeople: 'Run five rows of an LM program, to tell what optimizing or evaluating it would take.',
  forModels:
    'Tells what optimizing or evaluating an LM program would take (LM calls, US dollars, time; expected and at most), where its rows ' +
    `and keys would go, and gives the "price_token" that ${optimizeTool} and ${evaluateTool} need. Runs five rows of the program, ` +
    `which itself pays for at most ${estimateCalls} LM calls; what was answered before is free. The token is good once, for ${priceMinutes} minutes, ` +
    'and only while program, rows, strategy and configuration stay as they are. Tell the person the price before you start anything. ' +
    'Not for comparing many strategies blindly: each new prompt costs a few calls.',
  icon: '$(tag)',
  effect: 'spends',
  input,
  output,
  quotes: true,
  doing: ({ program }) => l10n.t`Estimating what ${program} takes`,
  question: async (given, host) => {
    const work = await plannedWork(host, asked(given));
    const { config } = work;
    return () => {
      const estimated = l10n.t`"${workText(work)}" would be estimated with ${config.model} on ${config.endpoint.name}: at most ${estimateCalls} calls.`;
      return {
        title: l10n.t`Run five rows of ${config.key} for an estimate?`,
        message: `${estimated} ${destinationText(consequencesOf(config, work.work))}`,
      };
    };
  },
  run: async (given, host, call) => {
    const work = await plannedWork(host, asked(given));
    const { named, config, whole } = work;
    const permission = await host.permissions.ask({ root: named.root, config: whole, work: work.work }, call.signal);
    requireSomeLeft(permission.left);
    const caps = estimateCaps(permission.left, config.budget);
    const hold = await permission.hold(caps);
    let spent = { calls: 0, usd: 0 };
    try {
      const env = await host.environment(named.root, config);
      const data = await loadProgramData(config, named.root, env);
      spent = { calls: caps.calls ?? 0, usd: caps.usd ?? 0 };
      const out = await waitForCli(commandOf(work, caps), {
        ...{ cli: host.cli, cwd: named.root, env, signal: call.signal },
        onLine: (line) => call.progress(cut(line, 200)),
      }).catch((error: unknown) => {
        // Nothing was asked yet where the usage or the configuration was wrong.
        if (error instanceof HumanError && error.exit === exitCode.usage) spent = { calls: 0, usd: 0 };
        throw error;
      });
      // Our own command line of the same version printed it.
      const plan = measuredPart(work, JSON.parse(out) as RunPlan, data);
      spent = paidFor(plan);
      const sources = Object.keys(plan.sources ?? {});
      const bound = await boundOf(work, data.hashes, sources);
      const text = (): string => `${workText(work)}: ${expectedText(plan)}; ${mostText(plan)}.`;
      const { token, until } = host.prices.tell({ tool: work.tool, program: config.key, bound, sources, text });
      return {
        say:
          `${text()} Tell the person this price. To start it, call ${work.tool} with this "price_token", the same arguments and a cap ` +
          '("budget_calls" or "budget_usd").',
        data: {
          ...{ price_token: token, expires: until.toISOString(), for_tool: work.tool },
          ...priceData(work, plan, data),
        },
      };
    } finally {
      await hold.spent(spent);
    }
  },
});

function estimateCaps(left: Left, { calls, tokens, usd }: BudgetCaps): BudgetCaps {
  const least = (...caps: (number | null)[]): number | null => {
    const known = caps.filter((cap) => cap !== null);
    return known.length === 0 ? null : Math.min(...known);
  };
  return {
    calls: least(estimateCalls, left.calls, calls),
    tokens,
    usd: left.usd === null ? usd : least(estimateUsd, left.usd, usd),
  };
}

function commandOf({ config, whole, from }: PlannedWork, { calls, usd }: BudgetCaps): readonly string[] {
  return [
    ...['optimize', '--dry-run', '--yes', '--json', `--agreed=${agreedHash(whole)}`],
    `--strategy=${config.strategy.length === 0 ? 'vanilla' : formatStrategy(config.strategy)}`,
    ...(from === undefined ? [] : [`--from=${from}`]),
    ...(calls === null ? [] : [`--budget-calls=${Math.max(1, Math.floor(calls))}`]),
    ...(usd === null ? [] : [`--budget-usd=${usd}`]),
    '--',
    config.key,
  ];
}

/** The command line counts dev and test rows: an evaluation on dev alone is its part of that. */
function measuredPart({ tool, config }: PlannedWork, plan: RunPlan, { dev }: ProgramData): RunPlan {
  if (tool !== evaluateTool || config.data.test !== null || plan.devRows === 0) return plan;
  const { sample } = plan.plan;
  const whole = plan.plan.calls.expected;
  const share = whole === 0 ? 1 : Math.min(1, (dev.length * sample.calls) / whole);
  const part = (one: Estimate | null): Estimate | null =>
    one === null ? null : { expected: one.expected * share, most: one.most * share };
  const { calls, inputTokens, outputTokens, usd } = plan.plan;
  return {
    ...plan,
    seconds: part(plan.seconds),
    plan: {
      ...plan.plan,
      calls: { expected: Math.round(calls.expected * share), most: Math.round(calls.most * share) },
      inputTokens: part(inputTokens),
      outputTokens: part(outputTokens),
      usd: part(usd),
    },
  };
}

/** What the five rows took. */
function paidFor({ plan, paid }: RunPlan): { readonly calls: number; readonly usd: number } {
  return { calls: paid?.calls ?? plan.sample.paidCalls, usd: paid?.usd ?? 0 };
}

function priceData({ config }: PlannedWork, plan: RunPlan, { train, dev, test }: ProgramData) {
  const { noTraining, warnings = [], devRows } = plan;
  const told = rowsTell(devRows);
  const notes = [
    ...(noTraining === undefined ? [] : [noTraining]),
    ...capLines(plan, config.budget, () => ''),
    ...missingPrice(plan, config),
    ...warnings,
    `${told.rows}: ${told.tell}.`,
    `Estimated from ${plural(plan.plan.sample.runs, 'run')} of the program, ${Math.round(100 * plan.plan.sample.correct)} % correct.`,
  ];
  return {
    program: config.key,
    strategy: config.strategy.length === 0 ? 'none' : formatStrategy(config.strategy),
    model: config.model,
    endpoint: config.endpoint.name,
    rows: { train: train.length, dev: dev.length, test: test?.length ?? null },
    calls: plan.plan.calls,
    usd: plan.plan.usd,
    seconds: plan.seconds,
    training_jobs: plan.plan.jobs,
    configured_cap: config.budget,
    sends: cut(destinationText(plan), 1000),
    notes: notes.map((note) => cut(note, 500)),
    paid_calls: paidFor(plan).calls,
  };
}
