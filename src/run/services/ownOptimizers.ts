/** The user's own optimizers that steps of a run name. */
import { resolve } from 'node:path';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { checkInside } from '../../config/inside.ts';
import { codeOf, stepFiles } from '../../config/steps.ts';
import { withoutKeys } from '../../base/keys.ts';
import type { CodeEvaluation, OptimizerCode } from '../../engine/optimizerCode.ts';
import { loadOptimizerCode } from '../../host/optimizerHost.ts';
import { bundle } from './bundles.ts';

export interface OwnOptimizers {
  /** By reference: `optimizer.ts#widen`. */
  readonly code: ReadonlyMap<string, OptimizerCode>;
  /** SHA-256 of their files, by path. */
  readonly sources: Readonly<Record<string, string>>;
}

export const noOptimizers: OwnOptimizers = { code: new Map(), sources: {} };

/** @throws UsageError naming file, export, line or setting. */
export async function loadOwnOptimizers({
  workspace,
  config,
  log,
}: {
  readonly workspace: string;
  readonly config: Pick<ResolvedProgram, 'strategy' | 'steps'>;
  log(line: string): void;
}): Promise<OwnOptimizers> {
  // A manifest that was taken over names its files itself.
  await checkInside(
    workspace,
    stepFiles(config, (path) => resolve(workspace, path)),
  );
  const references = [...codeOf(config).values()].filter(({ kind }) => kind === 'optimizer');
  const loaded = await Promise.all(
    [...new Set(references.map(({ reference }) => reference))].map(async (optimizer) => {
      const settings = references.filter(({ reference }) => reference === optimizer).map((each) => each.settings);
      const onPrint = (text: string) => log(withoutKeys(text.trimEnd()));
      const options = { workspace, optimizer, settings, onPrint, entry: bundle('host.js'), sdkPath: bundle('sdk.js') };
      return { optimizer, ...(await loadOptimizerCode(options)) };
    }),
  );
  return {
    code: new Map(loaded.map(({ optimizer, code }) => [optimizer, quiet(code)])),
    sources: Object.assign({}, ...loaded.map(({ sources }) => sources)) as OwnOptimizers['sources'],
  };
}

/** The same code; no key that it tells of a candidate gets into the record. */
function quiet(code: OptimizerCode): OptimizerCode {
  return {
    hash: code.hash,
    run: (request, work, signal) =>
      code.run(
        request,
        { ask: (question) => work.ask(question), evaluate: (asked) => work.evaluate(quietly(asked)) },
        signal,
      ),
  };
}

function quietly(asked: CodeEvaluation): CodeEvaluation {
  const { about } = asked;
  if (about === undefined) return asked;
  const facts = Object.entries(about).map(([name, value]) => [
    withoutKeys(name),
    typeof value === 'string' ? withoutKeys(value) : value,
  ]);
  return { ...asked, about: Object.fromEntries(facts) as NonNullable<CodeEvaluation['about']> };
}
