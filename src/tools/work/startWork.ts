/** Starts what a price was told for: a run in a process of its own, which outlives whoever asked for it. */
import * as l10n from '../../base/l10n.ts';
import { UsageError } from '../../base/errors.ts';
import { checkPrices } from '../../config/resolve.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { capText, destinationText } from '../../editor/settings/planText.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import { consequencesOf } from '../../run/work/consequences.ts';
import { engineSettings } from '../../run/work/engineSettings.ts';
import { capsFor } from '../base/caps.ts';
import type { AskedCaps } from '../base/caps.ts';
import type { Hold, ToolHost } from '../base/host.ts';
import type { ToolQuestion } from '../base/tool.ts';
import { boundOf, plannedWork, workText } from './plannedWork.ts';
import type { AskedWork } from './plannedWork.ts';

export interface AskedStart extends AskedWork, AskedCaps {
  readonly price_token: string;
}

export interface StartedWork {
  readonly root: string;
  readonly run: RunLocation;
  readonly config: ResolvedProgram;
}

/** What a person is asked: what is started, at which price, under which cap, and where data goes. */
export async function startQuestion(host: ToolHost, asked: AskedStart): Promise<() => ToolQuestion> {
  const price = host.prices.look(asked.price_token, asked.tool);
  const work = await plannedWork(host, asked);
  // What a permission leaves is known when it is given.
  const caps = capsFor(asked, work.config.budget, { calls: null, usd: null });
  checkPrices(work.config, caps);
  const cap = (): string => l10n.t`It is ${capText(caps)}.`;
  return () => ({
    title: `${workText(work)}?`,
    message: `${price.text()} ${cap()} ${destinationText(consequencesOf(work.config, work.work))}`,
  });
}

/** @throws HumanError before anything is spent: no price, another one than was told, over a cap, no permission. */
export async function startWork(host: ToolHost, asked: AskedStart, signal: AbortSignal): Promise<StartedWork> {
  const { sources } = host.prices.look(asked.price_token, asked.tool);
  const work = await plannedWork(host, asked);
  const { named, work: kind } = work;
  const { root } = named;
  const permission = await host.permissions.ask({ root, config: work.config, work: kind }, signal);
  const caps = capsFor(asked, work.config.budget, permission.left);
  checkPrices(work.config, caps);
  const config = { ...work.config, budget: caps };
  const held: Hold[] = [];
  try {
    const run = await host.start({
      ...{ root, config, consent: permission.agreements },
      ...(work.start === undefined ? {} : { start: work.start }),
      checked: async (data) => {
        engineSettings(config, data.train.length);
        if (data.dev.length === 0) throw new UsageError(`${config.key} has no dev rows to measure on.`);
        const bound = await boundOf(work, data.hashes, sources);
        signal.throwIfAborted();
        held.push(await permission.hold(caps));
        // Used up by the run that it makes, which counts from then on.
        host.prices.use(asked.price_token, asked.tool, bound);
      },
      made: async (run) => {
        for (const hold of held) await hold.isRun(run.id);
      },
    });
    return { root, run, config };
  } catch (error) {
    for (const hold of held) await hold.spent({ calls: 0, usd: 0 });
    throw error;
  }
}
