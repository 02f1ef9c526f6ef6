/** What a run would use if it went on: what somebody looks at before they take it over. */
import { join } from 'node:path';
import type { ResolvedEndpoint, ResolvedFineTune, ResolvedProgram } from '../../config/resolved.ts';

/** Texts of somebody else: they are escaped where they are shown. */
export interface Uses {
  /** Base URLs that requests go to, each with the variable whose key goes along; `null`: none does. */
  readonly addresses: readonly { readonly baseURL: string; readonly apiKeyEnv: string | null }[];
  /** Files that are read or run: program, metric, data, models. */
  readonly files: readonly string[];
  /** Command lines that are started, with the variables that are set for them; where: a folder here, or a cluster. */
  readonly commands: readonly {
    readonly command: readonly string[];
    readonly where: string;
    readonly env: Readonly<Record<string, string>>;
  }[];
  /** Files that are written before that, with their texts. */
  readonly written: readonly { readonly file: string; readonly text: string }[];
}

export function usesOf(config: ResolvedProgram): Uses {
  const { endpoint, services = [] } = config;
  return {
    addresses: [...addressesOf(endpoint), ...services.map(({ baseURL, apiKeyEnv }) => ({ baseURL, apiKeyEnv }))],
    files: filesOf(config),
    commands: commandsOf(endpoint.fineTune),
    written: writtenBy(endpoint.fineTune),
  };
}

/** Of several runs: each thing once, in the order in which they come. */
export function allUses(all: readonly Uses[]): Uses {
  return {
    addresses: unique(all.flatMap(({ addresses }) => addresses)),
    files: unique(all.flatMap(({ files }) => files)),
    commands: unique(all.flatMap(({ commands }) => commands)),
    written: unique(all.flatMap(({ written }) => written)),
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

function commandsOf(fineTune: ResolvedFineTune | undefined): Uses['commands'] {
  if (fineTune?.kind === 'command') {
    const { command, parentArguments, cwd, env, folder } = fineTune;
    const where = `${cwd} (its jobs lie in ${folder})`;
    return [{ command: [...command, ...(parentArguments ?? [])], where, env }];
  }
  if (fineTune?.kind !== 'ray') return [];
  const { python, baseURL, storage, runtimeEnv } = fineTune;
  const env = { storage, runtimeEnv: JSON.stringify(runtimeEnv) };
  return [{ command: [python], where: `the cluster at ${baseURL}`, env }];
}

function writtenBy(fineTune: ResolvedFineTune | undefined): Uses['written'] {
  if (fineTune?.kind !== 'command') return [];
  return Object.entries(fineTune.files).map(([name, text]) => ({ file: join(fineTune.folder, '<job>', name), text }));
}

function unique<T>(all: readonly T[]): readonly T[] {
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
