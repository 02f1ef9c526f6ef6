import * as l10n from '../../base/l10n.ts';
import * as z from 'zod';
import { requestCancel } from '../../run/record/cancelRequest.ts';
import { callsInput, folderInput, fromInput, programInput, tokenInput, usdInput, waitInput } from '../base/inputs.ts';
import { defineTool } from '../base/tool.ts';
import { evaluateTool, failuresTool, priceTool, statusTool } from '../base/names.ts';
import { runStatus, runStatusSchema, statusSentence } from '../reading/runStatus.ts';
import { awaitRun } from '../reading/awaitRun.ts';
import { startQuestion, startWork } from './startWork.ts';

/** Seconds: less than most clients wait for an answer, because a call that they give up on stops what it waits for. */
const waitDefault = 45;

const input = z.strictObject({
  program: programInput,
  price_token: tokenInput,
  split: z
    .enum(['dev', 'test'])
    .optional()
    .describe(
      'Rows to measure on. "dev" (default). "test" also measures the held-out test rows: only once, at the end, on what you decided on by dev.',
    ),
  from: fromInput,
  wait_seconds: waitInput.describe(
    `Seconds to wait for the score at most (default ${waitDefault}); after that it goes on by itself.`,
  ),
  budget_calls: callsInput,
  budget_usd: usdInput,
  folder: folderInput,
});

export const evaluateProgram = defineTool({
  name: evaluateTool,
  title: 'Evaluate an LM program',
  forPeople: 'Measure an LM program with its metric on its own rows: at a price that was told, under a cap.',
  forModels:
    'Measures an LM program, as it is written or in the final state of a run ("from"), with its own metric: a score in per cent with its 95 % ' +
    `interval, and how many rows failed. It is a run without steps: ${failuresTool} lists its rows, and ${statusTool} goes on waiting where the time was up. ` +
    `Needs the "price_token" of ${priceTool} ("for": "evaluate") for the same arguments and a cap. What was answered before costs nothing. ` +
    'A difference smaller than the interval may be chance. Do not use the test rows to choose between variants.',
  icon: '$(beaker)',
  effect: 'spends',
  input,
  output: runStatusSchema,
  quotes: true,
  doing: ({ program }) => l10n.t`Evaluating ${program}`,
  question: (given, host) => startQuestion(host, { ...given, tool: evaluateTool }),
  run: async (given, host, call) => {
    const started = await startWork(host, { ...given, tool: evaluateTool }, call.signal);
    try {
      await awaitRun(started.run, given.wait_seconds ?? waitDefault, call);
    } catch (error) {
      // Who does not want the score any more does not want to pay for it.
      if (call.signal.aborted) await requestCancel(started.run.folder);
      throw error;
    }
    const data = await runStatus(started);
    return { say: statusSentence(data, host.words), data };
  },
});
