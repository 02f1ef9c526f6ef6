/** The program host of each language: how it is started, and how it makes the rows of data that is built in code. */
import { UsageError } from '../../base/errors.ts';
import { withoutKeys } from '../../base/keys.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { metricReference, programReference } from '../../config/resolved.ts';
import type { LiveRows } from '../../data/program.ts';
import type { Language } from '../../data/language.ts';
import { readNodeData, readPythonData } from '../../host/builtData.ts';
import type { HostClient, HostClientOptions } from '../../host/hostClient.ts';
import { startNodeHost } from '../../host/nodeHost.ts';
import type { DatasetRow, InitializeParams } from '../../host/protocol.ts';
import { startPythonHost } from '../../host/pythonHost.ts';
import { loadTeleprompter } from '../../host/teleprompterHost.ts';
import type { LoadedCompiler, TeleprompterOptions } from '../../host/teleprompterHost.ts';
import { bundle, pythonHostLauncher } from './bundles.ts';

/** What every host is started with. */
export type HostStart = HostClientOptions & Omit<InitializeParams, 'protocol'>;

export type AskedTeleprompter = Pick<TeleprompterOptions, 'optimizer' | 'compileArguments'>;

export interface DataRequest {
  readonly workspace: string;
  readonly env: NodeJS.ProcessEnv;
  /** Each `file#name`, of the host's language. */
  readonly datasets: readonly string[];
}

interface ProgramHostRow {
  /** @throws UsageError naming file, name or line where the program cannot be loaded. */
  start(options: HostStart, config: ResolvedProgram, live: LiveRows): Promise<HostClient>;
  /** @throws UsageError naming file, function, line or argument; where the language has no optimizers of DSPy's. */
  loadTeleprompter(
    options: HostStart,
    config: ResolvedProgram,
    live: LiveRows,
    asked: AskedTeleprompter,
  ): Promise<LoadedCompiler>;
  /** @returns the rows of each data set, in the order asked for. @throws UsageError naming file, name or line. */
  readData(request: DataRequest): Promise<readonly (readonly DatasetRow[])[]>;
}

export const programHosts: Readonly<Record<Language, ProgramHostRow>> = {
  python: {
    start: (options, config, live) =>
      startPythonHost({ ...options, ...dspyOptions(config, live), launcher: pythonHostLauncher() }),
    loadTeleprompter: (options, config, live, asked) => {
      const { train } = config.data;
      // Rows that it must make itself are made anew: those of test and dev are none of its business.
      const own = Object.fromEntries(Object.entries(live).filter(([name]) => name === train));
      return loadTeleprompter({
        ...{ ...options, ...dspyOptions(config, own), ...asked },
        ...(options.onLog === undefined ? {} : { onPrint: (text) => options.onLog?.({ stream: 'stderr', text }) }),
        launcher: pythonHostLauncher(),
      });
    },
    readData: (request) => readPythonData({ ...request, launcher: pythonHostLauncher() }),
  },
  typescript: {
    start: (options) => startNodeHost({ ...options, entry: bundle('host.js'), sdkPath: bundle('sdk.js') }),
    loadTeleprompter: (_options, _config, _live, { optimizer }) =>
      Promise.reject(new UsageError(`${optimizer} is an optimizer of DSPy's, and the program is none of DSPy's.`)),
    readData: (request) => readNodeData({ ...request, entry: bundle('host.js'), sdkPath: bundle('sdk.js') }),
  },
};

/** What every host of a configuration is started with. @param log what user code prints. */
export function hostStartOf({
  workspace,
  config,
  log,
}: {
  readonly workspace: string;
  readonly config: ResolvedProgram;
  log(line: string): void;
}): HostStart {
  return {
    workspace,
    program: programReference(config.program),
    metric: metricReference(config.metric),
    adapter: config.adapter,
    guided: config.guided,
    frozen: [...config.frozen],
    metricRange: config.metricRange,
    ...(config.exampleSeconds === undefined ? {} : { exampleSeconds: config.exampleSeconds }),
    onLog: ({ text }) => {
      log(withoutKeys(text.trimEnd()));
    },
  };
}

/** Seconds that a host may take which makes its rows itself: those of loading a program, and of making data. */
const secondsWithData = 720;

/** What a DSPy program may ask besides the run's own model, and rows that it must make itself. */
function dspyOptions({ model, endpoint, services }: ResolvedProgram, live: LiveRows) {
  return {
    model,
    ...(endpoint.kind === 'openai' ? { baseURL: endpoint.baseURL } : {}),
    ...(services === undefined ? {} : { services: services.map(({ name, baseURL }) => ({ name, baseURL })) }),
    ...(Object.keys(live).length === 0 ? {} : { rows: live, startTimeoutSeconds: secondsWithData }),
  };
}
