/** The user's own optimizers that steps of a run name. */
import type { ResolvedProgram } from '../../config/resolved.ts';
import { withoutKeys } from '../../base/keys.ts';
import type { CodeEvaluation, OptimizerCode } from '../../engine/optimizerCode.ts';
import { loadOptimizerCode } from '../../host/optimizerHost.ts';
import { bundle } from './bundles.ts';
import { stepCode } from './stepCode.ts';

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
  const loaded = await Promise.all(
    [...(await stepCode({ workspace, config }, 'optimizer'))].map(async ([optimizer, settings]) => {
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
