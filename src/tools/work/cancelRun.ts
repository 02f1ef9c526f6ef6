import * as l10n from '../../base/l10n.ts';
import * as z from 'zod';
import { HumanError } from '../../base/errors.ts';
import { requestCancel } from '../../run/record/cancelRequest.ts';
import { inspectManifest } from '../../run/record/manifest.ts';
import { readRun } from '../../run/reading/summary.ts';
import { runNamed } from '../base/find.ts';
import { folderInput, runInput } from '../base/inputs.ts';
import { defineTool } from '../base/tool.ts';
import { cancelTool, statusTool } from '../base/names.ts';
import { foreign } from './plannedWork.ts';

const input = z.strictObject({ run: runInput, folder: folderInput });

export const cancelRun = defineTool({
  name: cancelTool,
  title: 'Cancel a run',
  forPeople: 'Ask a run that is at work to stop; it can be resumed.',
  forModels:
    'Asks a run that is at work to stop. It stops once what is in flight is answered, keeps what it found, and can be resumed by the person. ' +
    'Use it when a run you started turns out to be wrong, or the person asks. Not for runs that others started.',
  icon: '$(debug-stop)',
  effect: 'acts',
  input,
  output: z.object({ run: z.string(), asked: z.boolean() }),
  quotes: false,
  doing: ({ run }) => l10n.t`Asking run ${run} to stop`,
  question: async ({ run: asked, folder }, host) => {
    const { run } = await runNamed(host, asked, folder);
    return () => ({
      title: l10n.t`Stop run ${run.id}?`,
      message: l10n.t('It keeps what it found, and can be resumed.'),
    });
  },
  run: async ({ run: asked, folder }, host) => {
    const { root, run } = await runNamed(host, asked, folder);
    const { madeHere, manifest } = await inspectManifest(run.folder);
    if (!madeHere) throw foreign(run.id, host);
    await host.permissions.mayStop(root, manifest.asked.key, run.id);
    const { status } = await readRun(run);
    if (status !== 'running') throw new HumanError(`Run ${run.id} is ${status}: there is nothing to cancel.`);
    await requestCancel(run.folder);
    await host.changed(run);
    return {
      say: `Run ${run.id} was asked to stop. ${statusTool} tells when it has.`,
      data: { run: run.id, asked: true },
    };
  },
});
