/** What a run would use if it went on: what somebody looks at before they take it over. */
import type { ResolvedEndpoint, ResolvedProgram } from '../../config/resolved.ts';
import { stepFiles } from '../../config/steps.ts';
import { answeringService, trainingService } from '../../config/trainer.ts';
import type { BackEndUses } from '../../finetune/base/settings.ts';
import { factsOf } from '../../finetune/settings.ts';

/** Texts of somebody else: they are escaped where they are shown. */
export interface Uses extends BackEndUses {
  /** Base URLs that requests go to, each with the variable whose key goes along; `null`: none does. */
  readonly addresses: readonly { readonly baseURL: string; readonly apiKeyEnv: string | null }[];
  /** Files that are read or run: program, metric, optimizers of steps, data, models, folders that trainers share. */
  readonly files: readonly string[];
}

export function usesOf(config: ResolvedProgram): Uses {
  const { endpoint, services = [] } = config;
  const trainer = usesOfTrainer(endpoint);
  return {
    addresses: [...addressesOf(endpoint), ...services.map(({ baseURL, apiKeyEnv }) => ({ baseURL, apiKeyEnv }))],
    files: unique([...filesOf(config), ...trainer.files]),
    commands: trainer.commands,
    written: trainer.written,
  };
}

function usesOfTrainer({ fineTune }: ResolvedEndpoint): BackEndUses {
  return fineTune === undefined ? { files: [], commands: [], written: [] } : factsOf(fineTune).uses(fineTune);
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
  return unique([answeringService(endpoint), trainingService(endpoint)].filter((service) => service !== null));
}

function filesOf(config: ResolvedProgram): readonly string[] {
  const { program, metric, data, endpoint } = config;
  const model = endpoint.kind === 'embedded' ? endpoint.modelFile : presetOf(endpoint);
  const code = metric.kind === 'code' ? metric.file : null;
  const optimizers = Object.values(stepFiles(config, (path) => path));
  const all = [program.file, code, ...optimizers, data.train, data.dev, data.test, model ?? null];
  return all.filter((file) => file !== null);
}

/** llama-server's list of models, which adapters are written into. */
function presetOf({ loraServing }: Extract<ResolvedEndpoint, { kind: 'openai' }>): string | undefined {
  return typeof loraServing === 'string' ? undefined : loraServing.preset;
}

function unique<T>(all: readonly T[]): readonly T[] {
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
