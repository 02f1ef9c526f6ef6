/** What brings the models of a state into use once no run asks them: the command lines for each back end (docs/serving.md). */
import type { ResolvedEndpoint } from '../../config/resolved.ts';
import type { ProgramState } from '../../data/program.ts';
import { AdapterLedger } from '../../finetune/serving/adapterLedger.ts';
import type { LedgerEntry } from '../../finetune/serving/adapterLedger.ts';
import { isAzure } from '../../finetune/base/hyperParameters.ts';
import { namingOf } from '../../finetune/fireworks/names.ts';
import { factsOf } from '../../finetune/settings.ts';
import { servedIn } from '../../finetune/together/names.ts';
import { servePort } from '../code/servePort.ts';
import { powershellWord, shellWord } from '../code/shell.ts';
import type { Manifest } from '../record/manifest.ts';
import { adaptersFolder } from '../record/runFolder.ts';
import { loraRankFor } from './loraRank.ts';
import { tunedModels } from './findWeights.ts';

export interface Serving {
  /** Lines for the shell of this platform; `null`: nothing has to be started here. */
  readonly command: string | null;
  /** What it does, or what answers without it: sentences. */
  readonly note: string;
}

export interface ServingRequest {
  readonly workspace: string;
  readonly state: ProgramState;
  readonly manifest: Pick<Manifest, 'asked' | 'program'>;
  readonly platform?: NodeJS.Platform;
}

/** @returns `null`: the endpoint that the program names serves all that the state asks, as it did before the run. */
export async function servingOf(request: ServingRequest): Promise<Serving | null> {
  const { workspace, state, manifest, platform = process.platform } = request;
  const { endpoint, model } = manifest.asked;
  const line = platform === 'win32' ? powershellLine : posixLine;
  const models = tunedModels({ state, model, program: manifest.program });
  if (endpoint.kind === 'embedded') return { command: line(embedded(endpoint)), note: embeddedNote(models) };
  if (models.length === 0) return null;
  const ledger = new AdapterLedger(adaptersFolder(workspace), workspace);
  const found = await Promise.all(models.map(async (each) => ({ model: each, entry: await ledger.find(each) })));
  const entries = found.flatMap(({ entry }) => entry ?? []);
  if (entries.length === 0) return servedElsewhere(endpoint, models, line);
  const lost = found.flatMap(({ model: each, entry }) => (entry === null ? [each] : []));
  const { command, note } = await loadedInto(request, endpoint, entries, line);
  return { command, note: [note, ...(lost.length === 0 ? [] : [lostAdapters(lost)])].join(' ') };
}

type Words = readonly string[];
type Line = (words: Words) => string;
const lineOf =
  (word: (text: string) => string): Line =>
  (words) =>
    words.map((each) => (/^--?[a-z][a-z-]*$/.test(each) ? each : word(each))).join(' ');
const posixLine = lineOf(shellWord);
const powershellLine = lineOf((text) => (/^[\w./:=-]+$/.test(text) ? text : powershellWord(text)));

type Embedded = Extract<ResolvedEndpoint, { kind: 'embedded' }>;
type Remote = Extract<ResolvedEndpoint, { kind: 'openai' }>;

function embedded({ modelFile }: Embedded): Words {
  return [
    'bettertogether',
    'serve',
    '--port',
    String(servePort),
    ...(modelFile === undefined ? [] : ['--model', modelFile]),
  ];
}

function embeddedNote(models: readonly string[]): string {
  const what = models.length === 0 ? 'It serves the model' : `It serves ${models.join(' and ')}`;
  return `${what} at http://127.0.0.1:${servePort}/v1, and says how to set the key.`;
}

/** Servers that are given adapters: those that were put into them, when they are started again. */
async function loadedInto(
  { workspace, manifest }: ServingRequest,
  endpoint: Remote,
  entries: readonly LedgerEntry[],
  line: Line,
): Promise<Serving> {
  const { model, steps } = manifest.asked;
  const base = endpoint.fineTune.model ?? model;
  const loras = entries.map(({ name, served }) => `${name}=${served}`);
  const named = base === model ? [] : ['--served-model-name', model];
  const note = `The state names ${entries.map((entry) => entry.model).join(' and ')}. Run it where the server runs.`;
  const [{ server }] = entries as [LedgerEntry];
  switch (server.kind) {
    case 'vllm':
      return {
        command: line([
          ...['vllm', 'serve', base, ...named, ...portOf(endpoint), '--enable-lora'],
          ...[
            '--max-loras',
            String(entries.length),
            '--max-lora-rank',
            String(await loraRankFor({ workspace, endpoint, entries, steps })),
            '--lora-modules',
            ...loras,
          ],
        ]),
        note,
      };
    case 'sglang':
      return {
        command: line([
          ...['python', '-m', 'sglang.launch_server', '--model-path', base, ...named, ...portOf(endpoint)],
          ...['--enable-lora', '--lora-paths', ...loras],
        ]),
        note,
      };
    case 'llama-server':
      return { command: line(['llama-server', '--models-preset', server.preset, ...portOf(endpoint)]), note };
    case 'embedded':
      return { command: line(['bettertogether', 'serve', '--port', String(servePort)]), note };
  }
}

/** The port that the program asks, where its address names one. */
function portOf({ baseURL }: Remote): Words {
  const { port } = new URL(baseURL);
  return port === '' ? [] : ['--port', port];
}

function lostAdapters(models: readonly string[]): string {
  const [adapters, lie, them] = models.length === 1 ? ['adapter', 'lies', 'it'] : ['adapters', 'lie', 'them'];
  return `Where the ${adapters} of ${models.join(' and ')} ${lie} is not known any more: resume the run, which trains ${them} again.`;
}

/** Models that a service keeps, and serves by itself or once they are deployed. */
function servedElsewhere({ name, baseURL, fineTune }: Remote, models: readonly string[], line: Line): Serving {
  const called = models.join(' and ');
  const byTheTime = 'It costs by the time, also when nobody asks.';
  if (factsOf(fineTune).leaves === 'adapter') return { command: null, note: lostAdapters(models) };
  if (fineTune.kind === 'fireworks') {
    const naming = namingOf(fineTune.account, fineTune.deploy !== 'none');
    const commands = models.map((model) => {
      const deployment = naming.deploymentOf(model);
      const id = deployment === null ? [] : ['--deployment-id', deployment];
      return line(['firectl', 'deployment', 'create', naming.recordOf(model) ?? model, ...id]);
    });
    return { command: commands.join('\n'), note: `Fireworks then answers as ${called}. ${byTheTime}` };
  }
  if (fineTune.kind === 'together') {
    const jobs = models.flatMap((model) => servedIn(model)?.jobId ?? []);
    const commands = jobs.flatMap((job) => [
      line(['tg', 'fine-tuning', 'retrieve', job]),
      line(['tg', 'beta', 'endpoints', 'deploy', `<model_object_id of ${job}>`, '--endpoint', `served-${job}`]),
    ]);
    const note =
      jobs.length === 0
        ? `Together answers as ${called} only while it is deployed (docs/serving.md).`
        : 'The first line prints the `model_object_id` of a job (`ml_…`), which the second deploys. Together answers by the name ' +
          `that the second prints: put that into the state in place of ${called}.`;
    return { command: commands.length === 0 ? null : commands.join('\n'), note: `${note} ${byTheTime}` };
  }
  if (isAzure(baseURL)) {
    const note = `Azure answers as ${called} only once it is deployed under just this name: deploy it, in the portal or with \`az cognitiveservices account deployment create\`.`;
    return { command: null, note: `${note} ${byTheTime}` };
  }
  return { command: null, note: `Nothing has to be started: endpoint "${name}" (${baseURL}) answers as ${called}.` };
}
