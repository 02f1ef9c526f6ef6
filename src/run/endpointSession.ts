import type { ResolvedEndpoint, ResolvedProgram } from '../config/resolved.ts';
import { UsageError } from '../data/errors.ts';
import type { Capabilities } from '../data/lm.ts';
import { startEmbedded } from '../embedded/embedded.ts';
import type { Trainer } from '../engine/interfaces.ts';
import { profileOf } from '../finetune/hyperParameters.ts';
import { createOpenAiTrainer } from '../finetune/openaiTrainer.ts';
import { probeCapabilities } from '../lm/capabilities.ts';
import { connect } from '../lm/connection.ts';
import type { Connection } from '../lm/connection.ts';
import { defineEndpoint } from '../lm/endpoint.ts';

/** An endpoint that is up: what answers, what it can do, and what trains for it. */
export interface EndpointSession {
  readonly connection: Connection;
  readonly capabilities: Capabilities;
  readonly trainer: Trainer | null;
  close(): Promise<void>;
}

export interface EndpointRequest {
  readonly config: ResolvedProgram;
  readonly trains: boolean;
  /** What an earlier sitting found out; probed when missing. */
  readonly capabilities?: Capabilities;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  readonly warn: (message: string) => void;
}

export function openEndpoint(request: EndpointRequest): Promise<EndpointSession> {
  const { endpoint } = request.config;
  return endpoint.kind === 'embedded' ? openEmbedded(request) : openRemote(request, endpoint);
}

async function openEmbedded({ config, trains, signal, log, warn }: EndpointRequest): Promise<EndpointSession> {
  const { name } = config.endpoint;
  const embedded = await startEmbedded({ onLog: log, signal });
  try {
    if (config.model !== embedded.modelName) {
      throw new UsageError(
        `The embedded endpoint serves "${embedded.modelName}", not "${config.model}". ` +
          `Set "model" of program "${config.key}" in bettertogether.json.`,
      );
    }
    const endpoint = defineEndpoint({ name, baseURL: embedded.baseURL, modelFile: embedded.modelHash });
    const connection = connect(endpoint);
    const capabilities = await probeCapabilities(connection, config.model, signal);
    const trainer = trains
      ? createOpenAiTrainer({
          connection,
          profile: 'embedded',
          rows: { layout: 'apart', textAsChat: false },
          pollSeconds: 0.5,
          onWarning: warn,
        })
      : null;
    return {
      connection,
      capabilities,
      trainer,
      close: async () => {
        await connection.close();
        await embedded.close();
      },
    };
  } catch (error) {
    await embedded.close();
    throw error;
  }
}

async function openRemote(
  { config, trains, signal, warn, ...known }: EndpointRequest,
  settings: Extract<ResolvedEndpoint, { kind: 'openai' }>,
): Promise<EndpointSession> {
  const { name, baseURL, apiKeyEnv, revision, fineTune } = settings;
  const connection = connect(defineEndpoint({ name, baseURL, apiKeyEnv, revision }));
  const capabilities = known.capabilities ?? (await probeCapabilities(connection, config.model, signal));
  const training = trains
    ? connect(defineEndpoint({ name: `${name}.fineTune`, baseURL: fineTune.baseURL, apiKeyEnv: fineTune.apiKeyEnv }))
    : null;
  const trainer =
    training === null
      ? null
      : createOpenAiTrainer({
          connection: training,
          profile: profileOf(fineTune.baseURL, false),
          rows: { layout: 'joined', textAsChat: !capabilities.completions },
          pollSeconds: fineTune.pollSeconds,
          onWarning: warn,
          // The service may know the base model under another name than the one it is served under.
          parentName: (parent) => (parent === config.model ? (fineTune.model ?? parent) : parent),
        });
  return {
    connection,
    capabilities,
    trainer,
    close: async () => {
      await connection.close();
      await training?.close();
    },
  };
}
