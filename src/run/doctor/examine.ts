/** Looks at all that runs of a workspace need, one thing after the other. Installs nothing, runs no user code, and costs nothing but a few tokens where an endpoint lists no models. */
import { messageOf } from '../../base/errors.ts';
import { lmsAt } from '../../config/lmsOfSteps.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { resolveProgram } from '../../config/resolve.ts';
import { languageOfProgram } from '../../config/resolved.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { trains } from '../../config/steps.ts';
import { lookAtEmbedded } from '../../embedded/setup.ts';
import type { SetupPart } from '../../embedded/setup.ts';
import type { Home } from '../../home/home.ts';
import { endpointFindings, serviceFindings } from './endpoints.ts';
import type { Asking, UsedEndpoint, UsedService } from './endpoints.ts';
import { failing, good, note, wrong } from './finding.ts';
import type { Finding } from './finding.ts';
import { diskFindings, nodeFinding } from './machine.ts';
import { pythonFindings } from './python.ts';
import { pythonHostLauncher } from '../services/bundles.ts';

export interface Examination extends Asking {
  /** What `loadConfig` threw is a finding too. */
  load(): Promise<LoadedConfig>;
  readonly folder: string;
  /** Keys of programs, or `file#export`; none: all that are configured. */
  readonly programs: readonly string[];
  readonly home: Home;
}

/** @param launcher `python/host/launch.py`. */
export async function* examine(
  examination: Examination,
  launcher: string = pythonHostLauncher(),
): AsyncGenerator<Finding> {
  const { home, folder } = examination;
  yield nodeFinding();
  const setup = await lookAtSetup(home);
  const isSetUp = typeof setup !== 'string' && Object.values(setup).every(Boolean);
  const loaded = await examination.load().catch(messageOf);
  yield* await diskFindings(typeof loaded === 'string' ? folder : loaded.workspace, home, isSetUp);
  if (typeof loaded === 'string') yield wrong({ part: 'configuration' }, loaded);
  else yield* examineWorkspace(loaded, setup, launcher, examination);
}

async function* examineWorkspace(
  loaded: LoadedConfig,
  setup: Setup,
  launcher: string,
  examination: Examination,
): AsyncGenerator<Finding> {
  const programs: ResolvedProgram[] = [];
  for (const { finding, config } of await resolved(loaded, examination)) {
    yield finding;
    if (config !== null) programs.push(config);
  }
  if (programs.some((each) => languageOfProgram(each.program) === 'python')) {
    const { env } = examination;
    yield* await pythonFindings({ workspace: loaded.workspace, launcher, env });
  }
  const used = usedEndpoints(programs);
  const embedded = used.find(({ endpoint }) => endpoint.kind === 'embedded');
  if (used.length === 0 || embedded !== undefined) yield* setupFindings(setup, embedded?.trains ?? true);
  for (const each of used) yield* await endpointFindings(each, examination);
  for (const each of usedServices(programs)) yield* await serviceFindings(each, examination);
}

type Setup = Readonly<Record<SetupPart, boolean>> | string;

/** A string: why there is none for this machine. */
function lookAtSetup(home: Home): Promise<Setup> {
  return lookAtEmbedded(home).catch(messageOf);
}

const setupNames: Readonly<Record<SetupPart, string>> = {
  runtime: 'what serves the embedded model',
  model: 'the embedded model',
  trainer: 'the embedded trainer',
};

function setupFindings(setup: Setup, needsTrainer: boolean): readonly Finding[] {
  if (typeof setup === 'string') return [wrong({ part: 'runtime' }, setup)];
  const parts = (Object.keys(setupNames) as SetupPart[]).filter((part) => part !== 'trainer' || needsTrainer);
  return parts.map((part) =>
    setup[part]
      ? good({ part }, `${setupNames[part]} is installed`)
      : note({ part }, `${setupNames[part]} is not installed; the first run does it too`, 'bettertogether setup'),
  );
}

interface Resolved {
  readonly finding: Finding;
  /** `null`: there is something wrong with it. */
  readonly config: ResolvedProgram | null;
}

async function resolved(loaded: LoadedConfig, { programs, folder }: Examination): Promise<readonly Resolved[]> {
  const all = programs.length > 0 ? programs : Object.keys(loaded.config.programs ?? {});
  if (all.length === 0) {
    const said = loaded.file === null ? 'no bettertogether.json here or above' : `${loaded.file} names no programs`;
    return [{ finding: wrong({ part: 'configuration' }, `${said}: README.md shows one`), config: null }];
  }
  return Promise.all(all.map((name) => resolvedOne(loaded, name, folder)));
}

async function resolvedOne(loaded: LoadedConfig, name: string, folder: string): Promise<Resolved> {
  const about = { part: 'configuration', of: name } as const;
  try {
    const config = await resolveProgram(loaded, name, {}, folder);
    return { finding: good(about, `${config.model} on ${config.endpoint.name}`), config };
  } catch (error) {
    return { finding: failing(about, error), config: null };
  }
}

/** Each endpoint once. */
function usedEndpoints(programs: readonly ResolvedProgram[]): readonly UsedEndpoint[] {
  const names = [...new Set(programs.map(({ endpoint }) => endpoint.name))];
  return names.map((name) => {
    const users = programs.filter(({ endpoint }) => endpoint.name === name);
    const models = [...new Set(users.map(({ model }) => model))];
    return { endpoint: users[0]!.endpoint, models, trains: users.some(trains) };
  });
}

/** Other endpoints that steps name: those of teachers and proposers. */
function usedServices(programs: readonly ResolvedProgram[]): readonly UsedService[] {
  const services = programs.flatMap((each) => each.services ?? []);
  const asked = programs.flatMap((each) => lmsAt(each, new Set(each.services?.map(({ name }) => name))));
  return [...new Set(asked.map(({ endpoint }) => endpoint))].flatMap((name) => {
    const service = services.find((each) => each.name === name);
    const models = [...new Set(asked.filter(({ endpoint }) => endpoint === name).map(({ model }) => model))];
    return service === undefined ? [] : [{ service, models }];
  });
}
