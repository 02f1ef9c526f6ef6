import * as l10n from '../../base/l10n.ts';
import * as z from 'zod';
import {
  callsInput,
  folderInput,
  fromInput,
  programInput,
  strategyInput,
  tokenInput,
  usdInput,
} from '../base/inputs.ts';
import { defineTool } from '../base/tool.ts';
import { failuresTool, optimizeTool, priceTool, statusTool } from '../base/names.ts';
import { capText } from '../../editor/settings/planText.ts';
import { formatStrategy } from '../../data/strategy.ts';
import { startQuestion, startWork } from './startWork.ts';

const input = z.strictObject({
  program: programInput,
  price_token: tokenInput,
  strategy: strategyInput,
  from: fromInput,
  budget_calls: callsInput,
  budget_usd: usdInput,
  folder: folderInput,
});

export const optimizeProgram = defineTool({
  name: optimizeTool,
  title: 'Optimize an LM program',
  forPeople:
    'Search for better prompts, or fine-tune weights, for an LM program on its own rows: at a price that was told, under a cap.',
  forModels:
    'Starts to make an LM program better on its own data: searches for prompts (step p and others), fine-tunes weights (w and others), as the ' +
    'strategy says. Answers at once with the id of the run, which goes on by itself for minutes or hours; ' +
    `${statusTool} tells how far it is. Needs the "price_token" of ${priceTool} for the same arguments and a cap. ` +
    'Never goes over the cap, that of bettertogether.json, or what the person allowed. Changes no source: the result is a state that can be exported. ' +
    `Not for measuring a program as it is, and not before you looked at what fails (${failuresTool}): a broken metric or wrong rows are not mended by optimizing.`,
  icon: '$(rocket)',
  effect: 'spends',
  input,
  output: z.object({
    run: z.string(),
    folder: z.string(),
    program: z.string(),
    strategy: z.string(),
    cap: z.object({ calls: z.number().nullable(), tokens: z.number().nullable(), usd: z.number().nullable() }),
  }),
  quotes: false,
  doing: ({ program }) => l10n.t`Starting to optimize ${program}`,
  question: (given, host) => startQuestion(host, { ...given, tool: optimizeTool }),
  run: async (given, host, { signal }) => {
    const { root, run, config } = await startWork(host, { ...given, tool: optimizeTool }, signal);
    return {
      say: `Run ${run.id} was started, ${capText(config.budget)}. Ask ${statusTool} with "run": "${run.id}" and "wait_seconds" for how far it is.`,
      data: {
        ...{ run: run.id, folder: root, program: config.key },
        strategy: formatStrategy(config.strategy),
        cap: config.budget,
      },
    };
  },
});
