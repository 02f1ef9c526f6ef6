import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResolvedEndpoint } from '../../../src/config/resolved.ts';
import { startEmbedded } from '../../../src/embedded/embedded.ts';
import type { Setup } from '../../../src/embedded/setup.ts';
import type { Trainer } from '../../../src/engine/interfaces.ts';
import { connect } from '../../../src/lm/connection.ts';
import type { Connection } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { makeTrainer } from '../../../src/run/services/trainers.ts';
import { connectService } from '../../../src/run/services/trainingService.ts';
import { testHome } from '../embeddedHome.ts';

type FineTune = NonNullable<Extract<ResolvedEndpoint, { kind: 'embedded' }>['fineTune']>;

export interface Place {
  readonly workspace: string;
  readonly connection: Connection;
  readonly setup: Setup;
  readonly model: string;
  readonly modelFile: string;
  /** The trainer of an embedded endpoint that is configured so. */
  trainerOf(fineTune: FineTune): Trainer;
  close(): Promise<void>;
}

/** An embedded endpoint with a home and a workspace of its own. */
export async function openPlace(): Promise<Place> {
  const { home, setup, remove } = await testHome();
  const workspace = mkdtempSync(join(tmpdir(), 'bt-training-'));
  const embedded = await startEmbedded({ home });
  const connection = connect(
    defineEndpoint({
      name: 'embedded',
      baseURL: embedded.baseURL,
      modelFile: embedded.modelHash,
      tokenFile: embedded.tokenFile,
    }),
  );
  const capabilities = { completions: true, continueFinal: true, structuredChoice: true, jsonSchema: true };
  const services: Connection[] = [];
  return {
    workspace,
    connection,
    setup,
    model: embedded.modelName,
    modelFile: embedded.modelPath,
    trainerOf: (fineTune) => {
      const endpoint = { kind: 'embedded', name: 'embedded', concurrency: 8, prices: null, fineTune } as const;
      const service = connectService(endpoint, null);
      if (service !== null) services.push(service);
      const { modelName: model, modelPath: modelFile } = embedded;
      const warn = () => undefined;
      return makeTrainer({ workspace, endpoint, model, modelFile, connection, service, capabilities, warn });
    },
    close: async () => {
      await Promise.all([connection, ...services].map((one) => one.close()));
      await embedded.close();
      await remove();
      rmSync(workspace, { recursive: true, force: true });
    },
  };
}

/** `fineTune` of the kind `command`, with what a test leaves open filled in. */
export function commandFineTune(
  { workspace }: Pick<Place, 'workspace'>,
  command: readonly string[],
  more: Partial<Extract<FineTune, { kind: 'command' }>> = {},
): FineTune {
  return {
    kind: 'command',
    command: [...command],
    parentArguments: null,
    rowsFormat: 'apart',
    files: {},
    env: {},
    cwd: workspace,
    folder: join(workspace, '.bettertogether', 'jobs'),
    model: null,
    pollSeconds: 0.5,
    ...more,
  };
}
