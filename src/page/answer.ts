/** Answers what the view asks about a run. What opens something in the editor is done by `effects`. */
import * as l10n from '../base/l10n.ts';
import { HumanError } from '../base/errors.ts';
import type { SourceLocation } from '../data/program.ts';
import { answerSchemas } from '../viewProtocol/answers.ts';
import type { Answer } from '../viewProtocol/answers.ts';
import type { RunAsk } from '../viewProtocol/asks.ts';
import type { Remembered } from '../viewProtocol/chats.ts';
import type { RememberedAnswer } from '../lm/languageModel.ts';
import { requirePossible } from './acts.ts';
import type { Act } from './acts.ts';
import { changes, front, standing } from './candidateAnswers.ts';
import { curlCommand } from './curl.ts';
import { ForeignRecord } from '../run/record/foreign.ts';
import { workspaceAround } from '../run/record/runFolder.ts';
import type { RunLocation } from '../run/record/runFolder.ts';
import { shownCourse } from './snapshot.ts';
import type { RunReader } from './runReader.ts';
import { confusion, examples, predictions, rowText } from './rowAnswers.ts';
import { sentPrompts } from './sentPrompts.ts';
import { sourceFile } from './sourcePlace.ts';
import { candidatePlace } from './knownStates.ts';
import type { StatePlace } from './knownStates.ts';

/** What only the editor can do. */
export interface Effects {
  openDiff(left: StatePlace, right: StatePlace, predictor: string | null): Promise<void>;
  /** Where a predictor is made, in the sources as they are now; `null` where they do not show it. */
  placeOf(program: ProgramPlace, predictor: string): SourceLocation | null;
  /** @param line from 1. */
  openSource(place: SourceLocation): Promise<void>;
  copy(text: string): Promise<void>;
  openRun(run: RunLocation): Promise<void>;
  /** Calls the command that stands behind the button on the run; the command tells the person what goes wrong. */
  act(act: Act): Promise<void>;
}

/** `file#name` of a program; the file is absolute. */
export interface ProgramPlace {
  readonly file: string;
  readonly name: string;
}

type Asked<A extends RunAsk['ask']> = Extract<RunAsk, { ask: A }>;

/** @throws HumanError when it cannot be answered; the message is for people. */
export async function answer(reader: RunReader, effects: Effects, ask: RunAsk): Promise<Answer<RunAsk['ask']>> {
  switch (ask.ask) {
    case 'examples':
      return examples(reader, ask.split);
    case 'example': {
      const rows = await reader.examples(ask.split);
      const row = rows?.find(({ id }) => id === ask.example);
      return answerSchemas.example.parse({ fields: row?.fields ?? null, inputs: Object.keys(row?.inputs ?? {}) });
    }
    case 'predictions':
      return predictions(reader, ask.split, ask.rows);
    case 'confusion':
      return confusion(reader, ask.split, ask.step);
    case 'traces':
      return reader.traces(ask.filter, ask.sort, ask.from, ask.count);
    case 'trace':
      return reader.trace(ask.trace);
    case 'findTrace':
      return { trace: await reader.lastTrace(ask.filter) };
    case 'messages':
      return {
        answers: await Promise.all(
          ask.keys.map((key) => reader.remembered(key).then((found) => rememberedAs(key, found))),
        ),
      };
    case 'states':
      return states(reader, ask.candidates);
    case 'standing':
      return standing(reader, ask.step);
    case 'front':
      return front(reader, ask.step);
    case 'changes':
      return changes(reader, ask.before, ask.after);
    case 'sentPrompts':
      return sentPrompts(reader, ask.state);
    case 'trainingRows': {
      const page = await reader.trainingRows(ask.step, ask.from, ask.count);
      return { ...page, from: ask.from };
    }
    case 'costs':
      return reader.costs();
    case 'trainedBy':
      return trainedBy(reader, ask.step);
    case 'openTrainingRun':
      return openTrainingRun(reader, effects, ask.step);
    case 'openDiff':
      return openDiff(reader, effects, ask);
    case 'openSource':
      return openSource(reader, effects, ask);
    case 'copyCurl':
      return copyCurl(reader, effects, ask);
    case 'act':
      requirePossible(ask.act, reader.acting);
      await effects.act(ask.act);
      return {};
    case 'copyTrace':
      await effects.copy(JSON.stringify(reader.storedTrace(ask.trace), null, 2));
      return {};
    case 'copyRow':
      await effects.copy(await rowText(reader, ask.split, ask.example));
      return {};
    case 'openFile':
      return openFile(reader, effects, ask);
  }
}

/** A request and its answer as they are shown. @param found what the memo keeps under the key. */
export function rememberedAs(key: string, found: RememberedAnswer | null): Remembered {
  if (found === null) return { key, body: null };
  const { path, body } = found.request;
  const { messages, prompt, ...settings } = body;
  const parsed = answerSchemas.messages.shape.answers.element.shape.body.safeParse({
    path,
    // A text prompt is shown as what it is: one message without a role.
    messages: Array.isArray(messages) ? messages.map(withText) : [{ role: 'prompt', content: prompt }],
    settings,
    completion: found.answer.text,
    whyNoText: found.answer.whyNoText,
  });
  return { key, body: parsed.success ? parsed.data : null };
}

/** Content in parts (DSPy's images, say) is shown as the JSON it is. */
function withText(message: unknown): unknown {
  if (message === null || typeof message !== 'object' || !('content' in message)) return message;
  const { content } = message;
  return typeof content === 'string' ? message : { ...message, content: JSON.stringify(content, null, 2) };
}

function predictorsOf(reader: RunReader): Answer<'states'>['predictors'] {
  return (reader.manifest.program?.predictors ?? []).map(({ name, signature, frozen }) => ({
    name,
    inputs: signature.inputs.map((field) => field.name),
    outputs: signature.outputs.map((field) => field.name),
    frozen: frozen || reader.manifest.asked.frozen.includes(name),
  }));
}

/** States of steps are few and all of them are given. Those of candidates can be many, and are seldom looked at. */
async function states(reader: RunReader, wanted: readonly string[]): Promise<Answer<'states'>> {
  const candidates = await reader.candidates();
  const asked = candidates.filter(({ name }) => wanted.includes(name));
  return {
    predictors: predictorsOf(reader),
    states: [...(await reader.states()), ...asked.map(({ name, state }) => ({ name, state }))],
    candidates: candidates.map(({ name, step, candidate, note }) => ({ name, step, candidate, note })),
  };
}

async function trainedBy(reader: RunReader, step: string): Promise<Answer<'trainedBy'>> {
  const found = await reader.trainingRun(step);
  if (found === null) return { step, by: null };
  const { run, course } = found;
  return { step, by: { run: run.id, itself: run.id === reader.run.id, ...shownCourse(course) } };
}

async function openTrainingRun(reader: RunReader, effects: Effects, step: string): Promise<Record<string, never>> {
  const found = await reader.trainingRun(step);
  if (found === null) throw new HumanError(l10n.t('The run that trained this model is not here any more.'));
  await effects.openRun(found.run);
  return {};
}

async function openDiff(reader: RunReader, effects: Effects, ask: Asked<'openDiff'>): Promise<Record<string, never>> {
  const steps = await reader.states();
  const candidates = await reader.candidates();
  const named = (name: string): StatePlace => {
    const found = candidates.find((one) => one.name === name);
    if (found !== undefined) return candidatePlace(found);
    if (steps.some((one) => one.name === name)) return { step: name, candidate: null };
    throw new HumanError(l10n.t('Run {0} has no state "{1}".', reader.run.id, name));
  };
  await effects.openDiff(named(ask.left), named(ask.right), ask.predictor);
  return {};
}

async function openSource(
  reader: RunReader,
  effects: Effects,
  { predictor }: Asked<'openSource'>,
): Promise<Record<string, never>> {
  const { program, asked } = reader.manifest;
  // Lines move while somebody edits, so what the sources show now comes before what the run wrote down.
  const recorded = program?.predictors.find(({ name }) => name === predictor)?.source;
  const now = effects.placeOf(asked.program, predictor);
  if (now === null) requireOwn(reader);
  const place = now ?? recorded ?? { file: asked.program.file, line: 1 };
  await effects.openSource(place);
  return {};
}

async function openFile(
  reader: RunReader,
  effects: Effects,
  { file: named, line, cell }: Asked<'openFile'>,
): Promise<Record<string, never>> {
  requireOwn(reader);
  const file = sourceFile(workspaceAround(reader.run.folder), reader.manifest, named);
  await effects.openSource({ file, line, ...(cell !== undefined && { cell }) });
  return {};
}

/** What a record that came with the folder names (a file, an address, a key) is not opened, and not handed on. */
function requireOwn({ madeHere, run }: RunReader): void {
  if (!madeHere) throw new ForeignRecord(`Run ${run.id}`, run.id);
}

async function copyCurl(
  reader: RunReader,
  effects: Effects,
  { trace, call, request }: Asked<'copyCurl'>,
): Promise<Record<string, never>> {
  requireOwn(reader);
  const asked = reader.trace(trace).record.outcome.trace[call]?.lm[request];
  const found: RememberedAnswer | null = asked === undefined ? null : await reader.remembered(asked.key);
  if (found === null) throw new HumanError(l10n.t('The memo does not hold this request any more: it was pruned.'));
  const { services = [] } = reader.manifest.asked;
  const other = services.find(({ name }) => name === asked?.endpoint);
  if (other?.editor === true) {
    throw new HumanError(
      l10n.t('Models of VS Code are asked by an extension: there is no line for a shell that asks them.'),
    );
  }
  const endpoint = other === undefined ? reader.manifest.asked.endpoint : { ...other, kind: 'openai' as const };
  const target =
    endpoint.kind === 'embedded'
      ? { baseURL: null, apiKeyEnv: null }
      : { baseURL: endpoint.baseURL, apiKeyEnv: endpoint.apiKeyEnv, headers: endpoint.headers };
  await effects.copy(curlCommand(target, found.request.path, found.request.body));
  return {};
}
