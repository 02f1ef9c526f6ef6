/** The user's code that steps of a run name, as it is loaded. */
import { resolve } from 'node:path';
import { checkInside } from '../../config/inside.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { codeOf, stepFiles } from '../../config/steps.ts';
import type { CodeReference } from '../../engine/optimizer.ts';

type Settings = CodeReference['settings'];

/**
 * Code of a kind by its reference, each with all settings that steps give it.
 *
 * @throws UsageError where a file is not in the workspace: a manifest that was taken over names its files itself.
 */
export async function stepCode(
  { workspace, config }: { readonly workspace: string; readonly config: Pick<ResolvedProgram, 'strategy' | 'steps'> },
  kind: CodeReference['kind'],
): Promise<ReadonlyMap<string, readonly Settings[]>> {
  await checkInside(
    workspace,
    stepFiles(config, (path) => resolve(workspace, path)),
  );
  const found = new Map<string, readonly Settings[]>();
  for (const code of codeOf(config).values()) {
    if (code.kind === kind) found.set(code.reference, [...(found.get(code.reference) ?? []), code.settings]);
  }
  return found;
}
