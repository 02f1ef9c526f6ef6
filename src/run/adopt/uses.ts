/** What a run would use if it went on: what somebody looks at before they take it over. */
import type { ResolvedEndpoint, ResolvedFineTune, ResolvedProgram } from '../../config/resolved.ts';

/** Texts of somebody else: they are escaped where they are shown. */
export interface Uses {
  /** Base URLs that requests go to, each with the variable whose key goes along; `null`: none does. */
  readonly addresses: readonly { readonly baseURL: string; readonly apiKeyEnv: string | null }[];
  /** Files that are read or run: program, metric, data, models. */
  readonly files: readonly string[];
  /** Command lines that are started on this machine, with the variables that are set for them. */
  readonly commands: readonly {
    readonly command: readonly string[];
    readonly cwd: string;
    readonly env: readonly string[];
  }[];
}

export function usesOf(config: ResolvedProgram): Uses {
  const { endpoint, services = [] } = config;
  return {
    addresses: [...addressesOf(endpoint), ...services.map(({ baseURL, apiKeyEnv }) => ({ baseURL, apiKeyEnv }))],
    files: filesOf(config),
    commands: endpoint.fineTune?.kind === 'command' ? [commandOf(endpoint.fineTune)] : [],
  };
}

/** Of several runs: each thing once, in the order in which they come. */
export function allUses(all: readonly Uses[]): Uses {
  return {
    addresses: unique(all.flatMap(({ addresses }) => addresses)),
    files: unique(all.flatMap(({ files }) => files)),
    commands: unique(all.flatMap(({ commands }) => commands)),
  };
}

function addressesOf(endpoint: ResolvedEndpoint): Uses['addresses'] {
  const own = endpoint.kind === 'openai' ? [{ baseURL: endpoint.baseURL, apiKeyEnv: endpoint.apiKeyEnv }] : [];
  const { fineTune } = endpoint;
  if (fineTune === undefined || fineTune.kind === 'command') return own;
  return unique([...own, { baseURL: fineTune.baseURL, apiKeyEnv: fineTune.apiKeyEnv }]);
}

function filesOf({ program, metric, data, endpoint }: ResolvedProgram): readonly string[] {
  const model = endpoint.kind === 'embedded' ? endpoint.modelFile : undefined;
  const shared = endpoint.fineTune?.kind === 'ray' ? endpoint.fineTune.sharedFolder : null;
  const code = metric.kind === 'code' ? metric.file : null;
  const all = [program.file, code, data.train, data.dev, data.test, model ?? null, shared];
  return unique(all.filter((file) => file !== null));
}

function commandOf({ command, cwd, env, folder }: Extract<ResolvedFineTune, { kind: 'command' }>) {
  return { command: [...command, `(jobs in ${folder})`], cwd, env: Object.keys(env) };
}

function unique<T>(all: readonly T[]): readonly T[] {
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
