/** The spans of one program run: the run, its calls of predictors, their requests to LMs, its look-ups of passages. */
import { ATTR_ERROR_TYPE, ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } from '@opentelemetry/semantic-conventions';
import {
  ATTR_GEN_AI_EVALUATION_EXPLANATION,
  ATTR_GEN_AI_EVALUATION_NAME,
  ATTR_GEN_AI_EVALUATION_SCORE_VALUE,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MAX_TOKENS,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_REQUEST_TEMPERATURE,
  ATTR_GEN_AI_REQUEST_TOP_P,
  ATTR_GEN_AI_RESPONSE_FINISH_REASONS,
  ATTR_GEN_AI_RESPONSE_MODEL,
  ATTR_GEN_AI_RETRIEVAL_QUERY_TEXT,
  ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
  ATTR_GEN_AI_WORKFLOW_NAME,
  EVENT_GEN_AI_EVALUATION_RESULT,
  GEN_AI_OPERATION_NAME_VALUE_CHAT,
  GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
  GEN_AI_OPERATION_NAME_VALUE_RETRIEVAL,
  GEN_AI_OPERATION_NAME_VALUE_TEXT_COMPLETION,
} from '@opentelemetry/semantic-conventions/incubating';
import type { LmRecord, ProgramOutcome, Retrieval, TraceCall } from '../data/trace.ts';
import type { Purpose } from '../protocol.ts';
import { bounded, fieldsIn, fieldsOut, messagesOf } from './content.ts';
import { known, spanIdOf } from './span.ts';
import type { Attributes, Span, SpanEvent } from './span.ts';

/** As the engine hands it to the journal. */
export interface ProgramRun {
  readonly step: string;
  readonly candidate: number | null;
  readonly purpose: Purpose;
  readonly example: number;
  readonly round: number;
  readonly state: string;
  readonly outcome: ProgramOutcome;
}

/** What the memo knows of a request. */
export interface Remembered {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string | null;
}

/** An endpoint as spans name it. */
export interface Provider {
  readonly name: string;
  readonly address?: string;
  readonly port?: number;
}

/** What is the same for all program runs of a run. */
export interface Setting {
  readonly run: string;
  readonly trace: string;
  /** A key of bettertogether.json. */
  readonly program: string;
  /** As the configuration spells it. */
  readonly metric: string;
  readonly content: boolean;
  /** @param endpoint `undefined`: the run's own. */
  providerOf(endpoint: string | undefined): Provider;
}

export interface RunPlace {
  readonly parent: string;
  /** Names the program run among those of the run. */
  readonly id: string;
  /** When it was over: milliseconds since 1970. */
  readonly end: number;
  /** 0 to 1. */
  readonly score: number;
  /** The memo answered it as a whole: nothing was asked, and it took no time. */
  readonly recalled: boolean;
  /** When its session began: it did not begin before. */
  readonly earliest: number;
}

/** Parents come before their children. */
export function programRunSpans(
  setting: Setting,
  run: ProgramRun,
  place: RunPlace,
  remembered: ReadonlyMap<string, Remembered>,
): readonly Span[] {
  const { outcome } = run;
  const start = place.recalled ? place.end : Math.max(place.earliest, place.end - Math.max(0, outcome.seconds) * 1000);
  const own = programSpan(setting, run, place, start);
  if (place.recalled) return [own];
  const within: Within = { setting, remembered, run: own };
  const calls = outcome.trace.flatMap((call, i) => callSpans(within, call, `${i}`));
  const retrievals = (outcome.retrievals ?? []).map((each, i) => retrievalSpan(within, each, i));
  const judged = lmSpans(within, outcome.untraced ?? [], own, 'metric');
  return [own, ...calls, ...retrievals, ...judged];
}

interface Within {
  readonly setting: Setting;
  readonly remembered: ReadonlyMap<string, Remembered>;
  readonly run: Span;
}

function programSpan(setting: Setting, run: ProgramRun, place: RunPlace, start: number): Span {
  const { program, content, trace } = setting;
  const { step, candidate, purpose, example, round, state, outcome } = run;
  const { error, trace: calls } = outcome;
  return {
    id: place.id,
    parent: place.parent,
    trace,
    name: `${GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW} ${program}`,
    kind: 'internal',
    start,
    end: place.end,
    attributes: known({
      [ATTR_GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
      [ATTR_GEN_AI_WORKFLOW_NAME]: program,
      'openinference.span.kind': 'CHAIN',
      'bettertogether.step': step,
      'bettertogether.purpose': purpose,
      'bettertogether.candidate': candidate,
      'bettertogether.row': example,
      'bettertogether.round': round,
      'bettertogether.state': state,
      'bettertogether.score': place.score,
      'bettertogether.recalled': place.recalled || null,
      [ATTR_ERROR_TYPE]: error?.kind,
      ...(content && error !== undefined ? { 'exception.message': bounded(error.message) } : {}),
      // The trace has no row: what the first call was given is the closest to it.
      ...(content && calls[0] !== undefined ? fieldsIn(calls[0].inputs) : {}),
      ...(content ? fieldsOut(outcome.prediction) : {}),
    }),
    events: [scored(setting, place, outcome.feedback)],
    failed: error !== undefined,
  };
}

function scored({ metric, content }: Setting, { end, score }: RunPlace, feedback: string | undefined): SpanEvent {
  return {
    name: EVENT_GEN_AI_EVALUATION_RESULT,
    time: end,
    attributes: known({
      [ATTR_GEN_AI_EVALUATION_NAME]: metric,
      [ATTR_GEN_AI_EVALUATION_SCORE_VALUE]: score,
      [ATTR_GEN_AI_EVALUATION_EXPLANATION]: content && feedback !== undefined ? bounded(feedback) : null,
    }),
  };
}

function callSpans(within: Within, call: TraceCall, name: string): readonly Span[] {
  const { setting, run } = within;
  const { predictor, inputs, outputs, error, path } = call;
  const span: Span = {
    ...timesOf(run, call),
    id: spanIdOf(run.id, 'call', name),
    parent: run.id,
    trace: run.trace,
    name: predictor,
    kind: 'internal',
    attributes: known({
      'openinference.span.kind': 'CHAIN',
      'bettertogether.predictor': predictor,
      'bettertogether.path': path.length === 0 ? null : path,
      [ATTR_ERROR_TYPE]: error === undefined ? null : 'call',
      ...(setting.content ? { ...fieldsIn(inputs), ...fieldsOut(outputs) } : {}),
    }),
    events: [],
    failed: error !== undefined,
  };
  return [span, ...lmSpans(within, call.lm, span, name)];
}

/** Within its run, whatever clocks say. */
function timesOf(run: Span, { start, seconds }: { readonly start: number; readonly seconds: number }) {
  const from = Math.min(run.end, run.start + Math.max(0, start) * 1000);
  return { start: from, end: Math.min(run.end, from + seconds * 1000) };
}

/** One after the other, the last ending with the call: before a request there may have been a wait for a free slot. */
function lmSpans(within: Within, records: readonly LmRecord[], parent: Span, name: string): readonly Span[] {
  let end = parent.end;
  const spans = records.toReversed().map((record, i) => {
    const start = Math.max(parent.start, end - (record.cached ? 0 : record.seconds * 1000));
    const span = lmSpan(within, record, { parent, start, end, name: `${name} ${records.length - 1 - i}` });
    end = start;
    return span;
  });
  return spans.toReversed();
}

interface LmPlace {
  readonly parent: Span;
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

function lmSpan({ setting, remembered, run }: Within, record: LmRecord, { parent, start, end, name }: LmPlace): Span {
  const asked = remembered.get(record.key);
  const operation =
    asked?.path.replace(/^\/+/, '') === 'completions'
      ? GEN_AI_OPERATION_NAME_VALUE_TEXT_COMPLETION
      : GEN_AI_OPERATION_NAME_VALUE_CHAT;
  const { name: provider, address, port } = setting.providerOf(record.endpoint);
  const { body = {}, text = null } = asked ?? {};
  return {
    id: spanIdOf(run.id, 'lm', name),
    parent: parent.id,
    trace: run.trace,
    name: `${operation} ${record.model}`,
    kind: 'client',
    start,
    end,
    attributes: known({
      [ATTR_GEN_AI_OPERATION_NAME]: operation,
      [ATTR_GEN_AI_PROVIDER_NAME]: provider,
      [ATTR_SERVER_ADDRESS]: address,
      [ATTR_SERVER_PORT]: port,
      [ATTR_GEN_AI_REQUEST_MODEL]: record.model,
      [ATTR_GEN_AI_RESPONSE_MODEL]: record.model,
      [ATTR_GEN_AI_RESPONSE_FINISH_REASONS]: [record.finishReason],
      'openinference.span.kind': 'LLM',
      'llm.model_name': record.model,
      ...requestOf(body),
      ...(record.cached ? { 'bettertogether.memo_hit': true } : usageOf(record)),
      ...(setting.content && asked !== undefined ? messagesOf(body, text, record.finishReason) : {}),
    }),
    events: [],
    failed: false,
  };
}

function requestOf(body: Remembered['body']): Attributes {
  const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null);
  const temperature = number(body['temperature']);
  const topP = number(body['top_p']);
  const maxTokens = number(body['max_tokens']) ?? number(body['max_completion_tokens']);
  const parameters = known({ temperature, top_p: topP, max_tokens: maxTokens });
  return known({
    [ATTR_GEN_AI_REQUEST_TEMPERATURE]: temperature,
    [ATTR_GEN_AI_REQUEST_TOP_P]: topP,
    [ATTR_GEN_AI_REQUEST_MAX_TOKENS]: maxTokens,
    'llm.invocation_parameters': Object.keys(parameters).length === 0 ? null : JSON.stringify(parameters),
  });
}

/** Of requests that were made: what the memo answered cost nothing, and would be counted again. */
function usageOf({ usage }: LmRecord): Attributes {
  if (usage === null) return {};
  const { inputTokens, outputTokens, cachedInputTokens } = usage;
  const total = inputTokens === null || outputTokens === null ? null : inputTokens + outputTokens;
  return known({
    [ATTR_GEN_AI_USAGE_INPUT_TOKENS]: inputTokens,
    [ATTR_GEN_AI_USAGE_OUTPUT_TOKENS]: outputTokens,
    [ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS]: cachedInputTokens,
    'llm.token_count.prompt': inputTokens,
    'llm.token_count.completion': outputTokens,
    'llm.token_count.total': total,
  });
}

function retrievalSpan({ setting, run }: Within, retrieval: Retrieval, number: number): Span {
  const { retriever, query, k, passages, error } = retrieval;
  const documents: readonly (readonly [string, string])[] = passages
    .slice(0, passagesAtMost)
    .map((passage, i) => [`retrieval.documents.${i}.document.content`, bounded(passage)] as const);
  return {
    ...timesOf(run, retrieval),
    id: spanIdOf(run.id, 'retrieval', number),
    parent: run.id,
    trace: run.trace,
    name: `${GEN_AI_OPERATION_NAME_VALUE_RETRIEVAL} ${retriever}`,
    kind: 'client',
    attributes: known({
      [ATTR_GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_RETRIEVAL,
      'openinference.span.kind': 'RETRIEVER',
      'bettertogether.retriever': retriever,
      'bettertogether.passages': passages.length,
      'bettertogether.passages_asked': k,
      [ATTR_ERROR_TYPE]: error === undefined ? null : 'retrieval',
      ...(setting.content
        ? {
            [ATTR_GEN_AI_RETRIEVAL_QUERY_TEXT]: bounded(query),
            'input.value': bounded(query),
            ...Object.fromEntries(documents),
          }
        : {}),
    }),
    events: [],
    failed: error !== undefined,
  };
}

const passagesAtMost = 50;
