import { codeOf } from '../../config/steps.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { metricReference, programReference } from '../../config/resolved.ts';
import { isBuiltInCode } from '../../config/dataset.ts';
import { gatherNotebooks } from '../../host/gatherNotebooks.ts';
import type { GatheredNotebook } from '../../host/protocol.ts';
import { pythonHostLauncher } from '../services/bundles.ts';

export interface ShownNotebook extends GatheredNotebook {
  /** What is gathered there, for people: "program and metric", "rows", or the name that was asked for. */
  readonly what: string;
}

/** What a run of a program gathers of notebooks, process by process. @throws UsageError naming notebook, cell and line. */
export async function showNotebooks(workspace: string, config: ResolvedProgram): Promise<readonly ShownNotebook[]> {
  const { train, dev, test } = config.data;
  const program = [programReference(config.program), metricReference(config.metric)];
  const rows = [train, dev, test].filter((file): file is string => file !== null && isBuiltInCode(file));
  const optimizers = [...codeOf(config).values()].filter(({ kind }) => kind === 'teleprompter');
  return [
    ...(await showNotebook(workspace, program, 'program and metric')),
    ...(await showNotebook(workspace, rows, 'rows')),
    ...(
      await Promise.all(
        optimizers.map(({ reference }) =>
          showNotebook(workspace, [...program, reference], `program, metric and optimizer ${reference}`),
        ),
      )
    ).flat(),
  ];
}

/** @param references of one process: `file#name` each. @throws UsageError naming notebook, cell and line. */
export async function showNotebook(
  workspace: string,
  references: readonly string[],
  what: string,
): Promise<readonly ShownNotebook[]> {
  const gathered = await gatherNotebooks({ workspace, launcher: pythonHostLauncher() }, references);
  return gathered.map((each) => ({ ...each, what }));
}
