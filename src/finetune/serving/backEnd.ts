/** What a training back end does; what its settings say is in `base/settings.ts`. */
import type { Capabilities } from '../../data/lm.ts';
import type { Trainer } from '../../engine/interfaces.ts';
import type { ProbeAccount } from '../../lm/capabilities.ts';
import type { Connection } from '../../lm/connection.ts';
import type { Memo } from '../../lm/memo.ts';
import type { RetryOptions } from '../../lm/retry.ts';
import type { Deployments } from '../base/deployments.ts';
import type { JobProcesses } from '../base/jobProcesses.ts';
import type { AdapterTrainer } from './servedTrainer.ts';

/** What a free question to a back end is asked with, before anything is paid. */
export interface BackEndQuestion {
  /** The endpoint's name in bettertogether.json, for messages. */
  readonly endpoint: string;
  /** To what trains; `null`: nothing is asked over the network. */
  readonly service: Connection | null;
  /** Where answers are remembered. */
  readonly memo: Pick<Memo, 'get' | 'put'>;
  readonly signal: AbortSignal;
  readonly retry?: RetryOptions;
}

/** What a trainer is made of. */
export interface TrainerParts {
  /** The endpoint's name in bettertogether.json, for messages. */
  readonly endpoint: string;
  /** The base model's served name. */
  readonly model: string;
  /** What a trainer on this machine loads as the base, where that is known. */
  readonly modelFile?: string;
  /** To what answers. */
  readonly connection: Connection;
  /** To what trains; `null`: nothing is asked over the network. */
  readonly service: Connection | null;
  readonly capabilities: Capabilities;
  /** What trains is an embedded endpoint of ours, served under an address of its own (`BackEnd.isOurs`). Default: no. */
  readonly isOurs?: boolean;
  readonly retry?: RetryOptions;
  /** Where the call is entered that asks whether a tuned model answers. Default: nowhere. */
  readonly account?: ProbeAccount;
  readonly processes: JobProcesses;
  readonly warn: (message: string) => void;
}

/** What deployments are made with. */
export interface DeploymentParts {
  /** To what trains and deploys. */
  readonly service: Connection;
  readonly retry?: RetryOptions;
  readonly warn: (message: string) => void;
}

export interface BackEnd<Settings> {
  /** Bytes that an answer of its service may have. Left out: as many as an LM's. */
  readonly responseBytes?: number;
  /**
   * Asks, at no cost, whether it can train. A service that does not answer the question passes: sending a job shows.
   *
   * @throws EndpointRefused for a service that does not train, with what to do; EndpointUnavailable for one that must
   *   answer and does not; UsageError naming the setting, for what cannot be started on this machine.
   */
  require(settings: Settings, question: BackEndQuestion): Promise<void>;
  /** Whether its service is an embedded endpoint of ours. Left out: it never is. */
  isOurs?(settings: Settings, question: BackEndQuestion): Promise<boolean>;
  /** Trains adapters for an endpoint that loads them. */
  adapters(settings: Settings, parts: TrainerParts): AdapterTrainer;
  /**
   * The deployments of its tuned models, each started when it is first asked; `null`: by these settings runs deploy
   * nothing. Left out: its kind never does.
   */
  deployments?(settings: Settings, parts: DeploymentParts): Deployments | null;
  /** The deployment that answers as the model; `null`: it is none of ours, as the base is not. */
  deploymentOf?(settings: Settings, model: string): string | null;
  /** Trains models that its own service answers with. Left out: it serves nothing, and its settings leave an adapter. */
  models?(settings: Settings, parts: TrainerParts): Trainer;
}
