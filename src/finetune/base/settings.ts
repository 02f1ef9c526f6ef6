/** What there is to know of a training back end from its settings alone, before anything is connected or started. */
import * as z from 'zod';
import type { TrainingMethod } from '../../data/trainingSet.ts';
import { nameSchema } from '../../data/settingSchemas.ts';
import { count, positive } from '../../engine/settingSchemas.ts';

/** A service on the wire, and the environment variable of its key; `null`: no key is sent. */
export interface Service {
  readonly baseURL: string;
  readonly apiKeyEnv: string | null;
}

/** Where a block of settings is. */
export interface SettingsPlace {
  /** Absolute; relative paths start here. */
  readonly workspace: string;
  /** `endpoints.lab.fineTune`. */
  readonly setting: string;
  /** The name of the file that holds it. */
  readonly file: string;
}

/** The same under an endpoint that is a service itself. */
export interface ServicePlace extends SettingsPlace {
  readonly endpoint: Service;
}

/** What a job of these settings works with on this machine or elsewhere: what people look at before they agree to it. */
export interface BackEndUses {
  /** Files and folders of this machine that are read or written. Absolute. */
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

/** A deployment that a service keeps up for one tuned model, at a price for the time. */
export interface Hosting {
  readonly usdPerHour: number;
  /** Minutes without a call after which the service itself stops it, whatever became of us. */
  readonly idleMinutes: number;
}

/** What the settings of a back end say. */
export interface BackEndFacts<Resolved> {
  /**
   * What a job leaves: an adapter in a folder, which must be loaded into the endpoint, or a model that the service
   * answers with itself.
   */
  readonly leaves: 'adapter' | 'model';
  /** The service that trains, which gets the rows; `null`: nothing is asked over the network. */
  service(settings: Resolved): Service | null;
  /** The same settings with each of their absolute paths on this machine changed. */
  withPaths(settings: Resolved, change: (path: string) => string): Resolved;
  uses(settings: Resolved): BackEndUses;
  /** What its jobs can learn from; `null`: that shows when the service is asked. */
  methods(settings: Resolved): readonly TrainingMethod[] | null;
  /** How many checkpoints of a job, besides its last, answer under names of their own. */
  checkpoints(settings: Resolved): number;
  /** What a tuned model costs while it is deployed; `null`: nothing is deployed. Left out: its kind never deploys. */
  hosting?(settings: Resolved): Hosting | null;
  /** Folders as the trainer names them, and as this machine does. */
  foldersHere(settings: Resolved): Readonly<Record<string, string>>;
  /** @param setting `endpoints.lab.fineTune`. @returns what to do where an adapter is not on this machine; a sentence. */
  adviceWhereMissing(setting: string): string;
}

/** A kind of back end: the settings that `"fineTune"` of an endpoint may hold, and what they say. */
export interface BackEndSettings<
  Written extends z.ZodType = z.ZodType,
  Resolved extends z.ZodType = z.ZodType,
  Place extends SettingsPlace = SettingsPlace,
> extends BackEndFacts<z.infer<Resolved>> {
  /** As in the two schemas. */
  readonly kind: string;
  /** What is written in `bettertogether.json`. */
  readonly written: Written;
  /** What runs keep: with every default, every path absolute. */
  readonly resolved: Resolved;
  /** @throws UsageError naming the setting. */
  resolve(written: z.infer<Written>, place: Place): z.infer<Resolved>;
}

/** Settings as they are written that every back end has. */
export const writtenByAll = {
  model: nameSchema.optional().describe("The trainer's name of the base model. Default: the program's model."),
  minRows: count
    .optional()
    .describe('Rows a job needs at least; with fewer the step has no result. Default 10 at OpenAI and Azure, else 1.'),
  pollSeconds: positive.optional().describe('Seconds between polls of a job. Default 5.'),
  stallMinutes: positive
    .optional()
    .describe(
      'Minutes without any news of a job, or of its rows, after which the run pauses and says so. Default 120.',
    ),
};

/** The same as runs keep them; left out: their defaults. */
export const resolvedOfAll = {
  /** The trainer's name of the base model; `null`: the program's model. */
  model: z.string().nullable(),
  pollSeconds: z.number(),
  minRows: z.number().exactOptional(),
  stallMinutes: z.number().exactOptional(),
};

/** What the settings of every service say that trains on machines of its own: no path here is known there, nor one there here. */
export const trainsElsewhere = {
  leaves: 'model',
  service: ({ baseURL, apiKeyEnv }: Service): Service => ({ baseURL, apiKeyEnv }),
  withPaths: <Settings>(settings: Settings): Settings => settings,
  uses: (): BackEndUses => ({ files: [], commands: [], written: [] }),
  foldersHere: (): Readonly<Record<string, string>> => ({}),
} as const;
