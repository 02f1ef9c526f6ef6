/** The lines that load an exported state into the user's program, LM included. */
import { basename, relative } from 'node:path';
import type { Capabilities } from '../data/lm.ts';
import type { ProgramDescription, ProgramExport, ProgramState } from '../data/program.ts';
import type { ResolvedProgram } from '../config/resolved.ts';

export interface LoadingCode {
  readonly config: Pick<
    ResolvedProgram,
    'program' | 'endpoint' | 'services' | 'model' | 'adapter' | 'guided' | 'sampling'
  >;
  readonly program: ProgramDescription;
  readonly state: ProgramState;
  /** The exported file, as the code names it. */
  readonly file: string;
}

/**
 * DSPy forgets an LM's `api_base` when it loads a state, so the LM is set after it; `set_lm` does not reach frozen
 * sub-modules, which ask the configured LM.
 */
export function dspyLoadingCode({ config, program, state, file }: LoadingCode): string {
  const { name, file: source } = config.program;
  const models = program.predictors.flatMap(({ name: predictor, frozen, model: authors, endpoint }) => {
    const model = state.predictors[predictor]?.model;
    if (model === undefined || frozen) return [];
    // As the host has it: the author's LM is where its author put it, any other is at the run's endpoint.
    return [{ predictor, lm: dspyLm(model, config, model === authors ? endpoint : undefined) }];
  });
  const first = models[0]?.lm;
  const own = models.filter(({ lm }) => lm !== first);
  const frozen = program.predictors.some((each) => each.frozen);
  const makes = exportedAs(program, name) === 'object' ? name : `${name}()`;
  return [
    ...(config.endpoint.kind === 'embedded' ? ['# serves the models: bettertogether serve --port 8123'] : []),
    ...(models.some(({ lm }) => lm.includes('os.environ')) || (frozen && keyOf(config) !== null) ? ['import os'] : []),
    'import dspy',
    `from ${basename(source).replace(/\.py$/, '')} import ${name}`,
    '',
    ...(frozen ? [`dspy.configure(lm=${dspyLm(config.model, config)})  # for what is frozen`] : []),
    `program = ${makes}`,
    `program.load(${JSON.stringify(file)})`,
    ...(first === undefined ? [] : [`program.set_lm(${first})`]),
    ...own.map(({ predictor, lm }) => `${predictor === 'self' ? 'program' : `program.${predictor}`}.lm = ${lm}`),
    '',
  ].join('\n');
}

export interface TypescriptLoadingCode extends Pick<LoadingCode, 'config' | 'program' | 'file'> {
  /** What the endpoint could do when the program was scored. */
  readonly capabilities: Capabilities;
}

/**
 * For a program of our SDK: `configure` names the endpoint and how it was asked, so that the program asks as it was
 * scored; `load` brings the prompts and the models.
 */
export function typescriptLoadingCode({ config, program, capabilities, file }: TypescriptLoadingCode): string {
  const { endpoint, sampling } = config;
  const { name, file: source } = config.program;
  const local = name === 'default' ? 'exported' : name;
  const makes = { class: `new ${local}()`, function: `await ${local}()`, object: local };
  const can = Object.entries(capabilities).map(([name, known]) => `${name}: ${known}`);
  const key =
    endpoint.kind === 'openai' && endpoint.apiKeyEnv !== null ? `apiKey: process.env.${endpoint.apiKeyEnv},` : '';
  return [
    ...(endpoint.kind === 'embedded' ? ['// serves the models: bettertogether serve --port 8123'] : []),
    "import { readFileSync } from 'node:fs';",
    "import { configure } from 'bettertogether';",
    `import ${name === 'default' ? local : `{ ${name} }`} from './${basename(source)}';`,
    '',
    'configure({',
    `  baseURL: '${urlOf(config)}',`,
    `  model: '${config.model}',`,
    ...(key === '' ? [] : [`  ${key}`]),
    ...(config.adapter === 'chat' ? [] : [`  adapter: '${config.adapter}',`]),
    `  guided: '${config.guided}',`,
    `  capabilities: { ${can.join(', ')} },`,
    `  sampling: { temperature: ${sampling.temperature}, topP: ${sampling.topP}, maxTokens: ${sampling.maxTokens} },`,
    '});',
    `const program = ${makes[exportedAs(program, name)]};`,
    `program.load(JSON.parse(readFileSync(${JSON.stringify(file)}, 'utf8')));`,
    '',
  ].join('\n');
}

/** Older records do not say it: a class, then, if it is named like one. */
function exportedAs({ exported }: ProgramDescription, name: string): ProgramExport {
  return exported ?? (/^[A-Z]/.test(name) ? 'class' : 'object');
}

/** The file as code beside the program names it. */
export function namedFrom(folder: string, file: string): string {
  const path = relative(folder, file);
  return path.startsWith('..') ? file : path;
}

/** @param endpoint where it is asked, if that is not the run's own. */
function dspyLm(model: string, config: LoadingCode['config'], endpoint?: string): string {
  const { temperature, topP, maxTokens } = config.sampling;
  const other = config.services?.find(({ name }) => name === endpoint);
  const [url, key] = other === undefined ? [urlOf(config), keyOf(config)] : [other.baseURL, other.apiKeyEnv];
  const settings = [
    `'openai/${model}'`,
    `api_base='${url}'`,
    `api_key=${key === null ? "'none'" : `os.environ['${key}']`}`,
    `temperature=${temperature}`,
    `top_p=${topP}`,
    `max_tokens=${maxTokens}`,
  ];
  return `dspy.LM(${settings.join(', ')})`;
}

function keyOf({ endpoint }: LoadingCode['config']): string | null {
  return endpoint.kind === 'openai' ? endpoint.apiKeyEnv : null;
}

function urlOf({ endpoint }: LoadingCode['config']): string {
  return endpoint.kind === 'openai' ? endpoint.baseURL : 'http://127.0.0.1:8123/v1';
}
