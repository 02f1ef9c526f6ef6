/** The weights behind a state, found before anything of an export is written. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResolvedEndpoint } from '../../config/resolved.ts';
import { trainingService } from '../../config/trainer.ts';
import { HumanError, UsageError } from '../../base/errors.ts';
import type { ProgramDescription, ProgramState } from '../../data/program.ts';
import type { Home } from '../../home/home.ts';
import { AdapterLedger } from '../../finetune/serving/adapterLedger.ts';
import type { LedgerEntry } from '../../finetune/serving/adapterLedger.ts';
import { factsOf } from '../../finetune/settings.ts';
import { adaptersFolder } from '../record/runFolder.ts';
import { ggufBeside } from '../services/ggufAdapter.ts';
import { endpointNow, findAdapterAt, placesOf } from './adapterPlaces.ts';

/** A tuned model whose adapter is on this machine. */
export interface TunedWeights {
  /** What calls name it as. */
  readonly model: string;
  /** The folder that is made for it. */
  readonly name: string;
  /** The base, as the trainer calls it: a name on a hub, a folder or a file. */
  readonly base: string;
  readonly adapter:
    | { readonly kind: 'embedded'; readonly folder: string }
    | { readonly kind: 'peft'; readonly folder: string; readonly gguf: string | null };
}

export interface WeightsRequest {
  readonly workspace: string;
  readonly state: ProgramState;
  /** What the run was asked with. */
  readonly endpoint: ResolvedEndpoint;
  /** The base model's served name. */
  readonly model: string;
  /** By it, models that the program's author chose are known from tuned ones; `null`: not known. */
  readonly program: Pick<ProgramDescription, 'predictors'> | null;
  readonly home: Pick<Home, 'tuned'>;
}

/** The tuned models a state answers with: every model of a predictor but the base and those of the program's author. */
export function tunedModels({ state, model: base, program }: Pick<WeightsRequest, 'state' | 'model' | 'program'>) {
  const own = new Set(program?.predictors.filter(({ model }) => model !== undefined).map(({ name }) => name));
  const models = Object.entries(state.predictors).flatMap(([name, { model }]) => (own.has(name) ? [] : [model]));
  return [...new Set(models)].filter((model) => model !== base);
}

/**
 * @throws UsageError when there is no tuned model, or a service keeps it; HumanError when its files are not to be found.
 */
export async function findWeights(request: WeightsRequest): Promise<readonly TunedWeights[]> {
  const models = tunedModels(request);
  if (models.length === 0) {
    throw new UsageError('This state answers with the base model: no weight step changed it, so there are no weights.');
  }
  return await Promise.all(
    models.map((model) =>
      request.endpoint.kind === 'embedded' ? inHome(request, model) : fromLedger(request, request.endpoint, model),
    ),
  );
}

/** The embedded endpoint keeps what it serves in its home, whatever trained it. */
async function inHome({ home, model: base }: WeightsRequest, model: string): Promise<TunedWeights> {
  const name = folderName(model);
  const folder = join(home.tuned, name);
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() === true) return { model, name, base, adapter: { kind: 'embedded', folder } };
  throw new HumanError(`The adapter of "${model}" is not in ${home.tuned}. Resume the run: it is trained again.`);
}

type RemoteEndpoint = Extract<ResolvedEndpoint, { kind: 'openai' }>;

async function fromLedger(request: WeightsRequest, endpoint: RemoteEndpoint, model: string): Promise<TunedWeights> {
  const { workspace } = request;
  const { fineTune } = endpoint;
  const entry = await new AdapterLedger(adaptersFolder(workspace), workspace).find(model);
  if (entry === null) throw unknownModel(endpoint, model);
  const name = folderName(entry.name);
  const places = placesOf(entry, [...(await endpointNow(workspace, endpoint.name)), endpoint]);
  const folder = await findAdapterAt(entry, places, factsOf(fineTune).leaves === 'adapter');
  if (folder === null) throw notHere(endpoint, entry, places);
  const adapter = { kind: 'peft', folder, gguf: ggufBeside(folder) } as const;
  return { model, name, base: fineTune.model ?? request.model, adapter };
}

function unknownModel(endpoint: RemoteEndpoint, model: string): HumanError {
  const { name, baseURL, fineTune } = endpoint;
  if (factsOf(fineTune).leaves === 'adapter') {
    return new HumanError(
      `Where the adapter of "${model}" lies is not known any more, as after \`bettertogether prune\`. Resume the run: ` +
        'it is trained again.',
    );
  }
  return new UsageError(
    `The service of endpoint "${name}" (${trainingService(endpoint)?.baseURL ?? baseURL}) keeps the weights of "${model}" and gives out ` +
      'no files, so there is nothing here to copy. Export without --weights: the state names the model.',
  );
}

function notHere({ name, fineTune }: RemoteEndpoint, { folder }: LedgerEntry, places: readonly string[]): HumanError {
  const others = places.filter((place) => place !== folder);
  const looked = others.length === 0 ? '' : ` (nor in ${others.join(' or ')})`;
  return new HumanError(
    `The adapter that was trained in ${folder} is not there on this machine${looked}. ` +
      factsOf(fineTune).adviceWhereMissing(`endpoints.${name}.fineTune`),
  );
}

/** A served name as a folder's: names that a URL or a path could read otherwise do not reach outside. */
function folderName(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._:@-]*$/.test(name) || name.includes('..')) {
    throw new HumanError(`The model "${name}" has a name that cannot be a folder's.`);
  }
  return name;
}
