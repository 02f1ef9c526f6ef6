/** The lines that load an exported state into the user's program, LM included. */
import { basename, dirname, isAbsolute, relative, sep } from 'node:path';
import { languages } from '../../data/language.ts';
import type { ExportFormat, Language } from '../../data/language.ts';
import type { Capabilities } from '../../data/lm.ts';
import type { ProgramDescription, ProgramExport, ProgramState } from '../../data/program.ts';
import type { ResolvedProgram, ResolvedService } from '../../config/resolved.ts';
import { isNotebook } from '../../notebook/notebookText.ts';
import { tokenVariable } from '../../home/token.ts';
import { servePort } from '../code/servePort.ts';
import { holdsKey, keyPlace, type FurtherHeaders } from '../../data/requestHeaders.ts';
import type { Manifest } from '../record/manifest.ts';
import {
  joinedCode,
  python,
  pythonName,
  pythonValue,
  typescript,
  typescriptName,
  typescriptValue,
} from '../code/code.ts';
import type { PythonCode, TypeScriptCode } from '../code/code.ts';

export interface LoadingCode {
  readonly config: Pick<
    ResolvedProgram,
    'program' | 'endpoint' | 'services' | 'model' | 'adapter' | 'guided' | 'sampling'
  >;
  readonly program: ProgramDescription;
  readonly state: ProgramState;
  /** The exported file: absolute, or relative to the program's folder, where the code is put. */
  readonly file: string;
}

/**
 * What to paste into the user's own code to load a state that a run found.
 *
 * @param file absolute path of the exported file.
 * @returns `null` where the program cannot load the format, which is the other language's, or the run never got to it.
 */
export function loadingCodeOf(
  { program, endpoint, asked: config }: Pick<Manifest, 'program' | 'endpoint' | 'asked'>,
  state: ProgramState,
  format: ExportFormat,
  file: string,
): PythonCode | TypeScriptCode | null {
  if (program === null || endpoint === null) return null;
  if (languages[program.language].exportFormat !== format) return null;
  const { capabilities } = endpoint;
  const named = namedFrom(dirname(config.program.file), file);
  return loadingCodes[program.language]({ config, program, state, capabilities, file: named });
}

type PrintLoadingCode = (
  parts: LoadingCode & { readonly capabilities: Capabilities },
) => PythonCode | TypeScriptCode | null;

/** What is pasted into a program of each language. */
const loadingCodes: Readonly<Record<Language, PrintLoadingCode>> = {
  python: dspyLoadingCode,
  typescript: typescriptLoadingCode,
};

/**
 * DSPy forgets an LM's `api_base` when it loads a state, so the LM is set after it; `set_lm` does not reach frozen
 * sub-modules, which ask the configured LM.
 */
export function dspyLoadingCode({ config, program, state, file }: LoadingCode): PythonCode {
  const models = program.predictors.flatMap(({ name: predictor, frozen, model: authors, endpoint }) => {
    const model = state.predictors[predictor]?.model;
    if (model === undefined || frozen) return [];
    // As the host has it: the author's LM is where its author put it, any other is at the run's endpoint.
    return [{ predictor, ...dspyLm(model, config, model === authors ? endpoint : undefined) }];
  });
  const first = models[0]?.lm;
  const own = models.filter(({ lm }) => String(lm) !== String(first));
  const frozen = program.predictors.some((each) => each.frozen) ? dspyLm(config.model, config) : null;
  const hasKeys = [...models, ...(frozen === null ? [] : [frozen])].some(({ key }) => key !== null);
  const { imported, found, exported } = pythonExport(config.program);
  const makes = exportedAs(program, config.program.name) === 'object' ? exported : python`${exported}()`;
  const place = pythonPlace(config.program, file);
  const lines = [
    ...(config.endpoint.kind === 'embedded'
      ? [
          python`# serves the models, and says how to set the key: bettertogether serve --port ${servePort}${config.endpoint.modelFile === undefined ? python`` : python` --model ${config.endpoint.modelFile}`}`,
        ]
      : []),
    ...(hasKeys ? [python`import os`] : []),
    ...place.imported,
    python`import dspy`,
    imported,
    python``,
    ...found,
    ...(frozen === null ? [] : [python`dspy.configure(lm=${frozen.lm})  # for what is frozen`]),
    python`program = ${makes}`,
    python`program.load(${place.file})`,
    ...(first === undefined ? [] : [python`program.set_lm(${first})`]),
    ...own.map(({ predictor, lm }) => python`${predictorAt(predictor)}.lm = ${lm}`),
    python``,
  ];
  return joinedCode('python', lines, '\n');
}

/** The user's module and what it exports, by name where both have names that are valid in code. */
function pythonExport({ file, name }: LoadingCode['config']['program']) {
  const source = basename(file);
  const [module, exported] = [pythonName(source.replace(/\.py$/, '')), pythonName(name)];
  if (isNotebook(source) && exported !== null) {
    return { imported: python`# in a cell of ${source}, below the one that has the program`, found: [], exported };
  }
  if (module !== null && exported !== null && !['dspy', 'os', 'Path'].includes(name)) {
    return { imported: python`from ${module} import ${exported}`, found: [], exported };
  }
  if (module !== null) {
    const imported = python`import importlib`;
    const found = python`exported = getattr(importlib.import_module(${source.replace(/\.py$/, '')}), ${name})`;
    return { imported, found: [found], exported: python`exported` };
  }
  // Python imports no file by such a name.
  const imported = python`from runpy import run_path`;
  return { imported, found: [python`exported = run_path(${source})[${name}]`], exported: python`exported` };
}

/** Beside the code, from whatever folder that is run; a notebook has no file of its own, and runs in its folder. */
function pythonPlace(program: LoadingCode['config']['program'], file: string) {
  if (isAbsolute(file) || isNotebook(program.file)) return { imported: [], file: python`${file}` };
  return { imported: [python`from pathlib import Path`], file: python`Path(__file__).parent / ${file}` };
}

/** `program.steps[0].predict`; by its name in quotes where that is more than attributes and places in lists. */
function predictorAt(predictor: string): PythonCode {
  if (predictor === 'self') return python`program`;
  const [first, ...steps] = predictor.split(/\.|(?=\[\d+\])/).map((step) => {
    const place = /^\[(\d{1,9})\]$/.exec(step)?.[1];
    if (place !== undefined) return { code: python`[${Number(place)}]`, isPlace: true };
    const attribute = pythonName(step);
    return { code: attribute === null ? null : python`.${attribute}`, isPlace: false };
  });
  const known = [first!, ...steps].flatMap(({ code }) => code ?? []);
  if (first!.isPlace || known.length <= steps.length) return python`dict(program.named_predictors())[${predictor}]`;
  return joinedCode('python', [python`program`, ...known], '');
}

export interface TypescriptLoadingCode extends Pick<LoadingCode, 'config' | 'program' | 'file'> {
  /** What the endpoint could do when the program was scored. */
  readonly capabilities: Capabilities;
}

/**
 * For a program of our SDK: `configure` names the endpoint and how it was asked, so that the program asks as it was
 * scored; `load` brings the prompts and the models.
 */
export function typescriptLoadingCode({ config, program, capabilities, file }: TypescriptLoadingCode): TypeScriptCode {
  const { endpoint, sampling } = config;
  const { imported, exported } = typescriptExport(config.program);
  const makes = {
    class: typescript`new ${exported}()`,
    function: typescript`await ${exported}()`,
    object: exported,
  };
  const key = keyOf(config);
  const { temperature, topP, maxTokens } = sampling;
  const { request, headers } = endpoint.kind === 'openai' ? endpoint : {};
  const lines = [
    ...(endpoint.kind === 'embedded'
      ? [
          typescript`// serves the models, and says how to set the key: bettertogether serve --port ${servePort}${endpoint.modelFile === undefined ? typescript`` : typescript` --model ${endpoint.modelFile}`}`,
        ]
      : []),
    typescript`import { readFileSync } from 'node:fs';`,
    typescript`import { configure } from 'bettertogether';`,
    imported,
    typescript``,
    typescript`configure({`,
    typescript`  baseURL: ${urlOf(config)},`,
    typescript`  model: ${config.model},`,
    ...(key === null ? [] : [typescript`  apiKey: ${environment(key)},`]),
    ...(config.adapter === 'chat' ? [] : [typescript`  adapter: ${config.adapter},`]),
    typescript`  guided: ${config.guided},`,
    typescript`  capabilities: { ${capabilityCode(capabilities)} },`,
    typescript`  sampling: { temperature: ${typescriptValue(temperature)}, topP: ${typescriptValue(topP)}, maxTokens: ${maxTokens} },`,
    ...(request === undefined ? [] : [typescript`  request: ${typescriptValue(request)},`]),
    ...(headers === undefined ? [] : [typescript`  headers: ${typescriptValue(headers)},`]),
    typescript`});`,
    typescript`const program = ${makes[exportedAs(program, config.program.name)]};`,
    typescript`program.load(JSON.parse(readFileSync(${typescriptPlace(file)}, 'utf8')));`,
    typescript``,
  ];
  return joinedCode('typescript', lines, '\n');
}

/** Beside the code, from whatever folder that is run. */
function typescriptPlace(file: string): TypeScriptCode {
  if (isAbsolute(file)) return typescript`${file}`;
  // A URL, in which these mean something else.
  const path = file.replaceAll(sep, '/').replaceAll(/[%#?\\\s]/g, (sign) => encodeURIComponent(sign));
  return typescript`new URL(${`./${path}`}, import.meta.url)`;
}

/** What the code calls by these names is something else than the user's export. */
const takenNames = ['readFileSync', 'configure', 'program'];

function typescriptExport({ file, name }: LoadingCode['config']['program']) {
  // A URL, in which these three mean something else.
  const source = `./${basename(file).replaceAll(/[%#?]/g, (sign) => encodeURIComponent(sign))}`;
  const local = takenNames.includes(name) ? null : typescriptName(name);
  if (name !== 'default' && local !== null) {
    return { imported: typescript`import { ${local} } from ${source};`, exported: local };
  }
  const exported = typescript`exported`;
  if (name === 'default') return { imported: typescript`import exported from ${source};`, exported };
  return { imported: typescript`import { ${name} as exported } from ${source};`, exported };
}

function environment(variable: string): TypeScriptCode {
  const name = typescriptName(variable);
  return name === null ? typescript`process.env[${variable}]` : typescript`process.env.${name}`;
}

function capabilityCode(capabilities: Capabilities): TypeScriptCode {
  const { completions, continueFinal, repeatsOpened, structuredChoice, jsonSchema } = capabilities;
  const is = (known: boolean): TypeScriptCode => (known ? typescript`true` : typescript`false`);
  return joinedCode(
    'typescript',
    [
      typescript`completions: ${is(completions)}`,
      typescript`continueFinal: ${is(continueFinal)}`,
      ...(repeatsOpened === true ? [typescript`repeatsOpened: true`] : []),
      typescript`structuredChoice: ${is(structuredChoice)}`,
      typescript`jsonSchema: ${is(jsonSchema)}`,
    ],
    ', ',
  );
}

/** Older records do not say it: a class, then, if it is named like one. */
function exportedAs({ exported }: ProgramDescription, name: string): ProgramExport {
  return exported ?? (/^[A-Z]/.test(name) ? 'class' : 'object');
}

/** The file as code beside the program names it: what lies elsewhere, on another drive too, by its whole path. */
export function namedFrom(folder: string, file: string): string {
  const path = relative(folder, file);
  return path.startsWith(`..${sep}`) ? file : path;
}

/** @param endpoint where it is asked, if that is not the run's own. */
function dspyLm(model: string, config: LoadingCode['config'], endpoint?: string) {
  const other = config.services?.find(({ name }) => name === endpoint);
  const [url, key] = other === undefined ? [urlOf(config), keyOf(config)] : [other.baseURL, other.apiKeyEnv];
  const apiKey = key === null ? python`'none'` : python`os.environ[${key}]`;
  const served = python`${`openai/${model}`}, api_base=${url}, api_key=${apiKey}`;
  const sampled = joinedCode('python', settingsOf(config, other), ', ');
  return { lm: python`dspy.LM(${served}, ${sampled})`, key };
}

/** What is `null` is not sent, and so is not a setting. */
function settingsOf({ sampling, endpoint }: LoadingCode['config'], other?: ResolvedService): readonly PythonCode[] {
  const { temperature, topP, maxTokens } = sampling;
  const asked = other ?? (endpoint.kind === 'openai' ? endpoint : null);
  const { request = {}, headers = {} } = asked ?? {};
  const further = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== null));
  return [
    ...(temperature === null ? [] : [python`temperature=${temperature}`]),
    ...(topP === null ? [] : [python`top_p=${topP}`]),
    python`max_tokens=${maxTokens}`,
    ...(Object.keys(further).length === 0 ? [] : [python`extra_body=${pythonValue(further)}`]),
    ...(Object.keys(headers).length === 0
      ? []
      : [python`extra_headers=${headersIn(headers, asked?.apiKeyEnv ?? null)}`]),
  ];
}

/** The key is read from the environment, as everywhere. */
function headersIn(headers: FurtherHeaders, key: string | null): PythonCode {
  const entries = Object.entries(headers).map(([name, value]) =>
    key !== null && holdsKey(value)
      ? python`${name}: ${value}.replace(${keyPlace}, os.environ[${key}])`
      : python`${name}: ${value}`,
  );
  return python`{${joinedCode('python', entries, ', ')}}`;
}

function keyOf({ endpoint }: LoadingCode['config']): string | null {
  return endpoint.kind === 'openai' ? endpoint.apiKeyEnv : tokenVariable;
}

function urlOf({ endpoint }: LoadingCode['config']): string {
  return endpoint.kind === 'openai' ? endpoint.baseURL : `http://127.0.0.1:${servePort}/v1`;
}
