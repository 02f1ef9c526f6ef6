/**
 * The spans of a run, as a fold of what is put into its log and its trace store: the session at the root, its steps, their
 * program runs with their calls. Live and from what lies on the disk alike.
 */
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import {
  ATTR_GEN_AI_EVALUATION_NAME,
  ATTR_GEN_AI_EVALUATION_SCORE_VALUE,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_RESPONSE_MODEL,
  ATTR_GEN_AI_WORKFLOW_NAME,
  EVENT_GEN_AI_EVALUATION_RESULT,
  GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
} from '@opentelemetry/semantic-conventions/incubating';
import { recordsOf } from '../data/trace.ts';
import type { RunEvent } from '../protocol.ts';
import { programRunSpans } from './programRun.ts';
import type { ProgramRun, Remembered, Setting } from './programRun.ts';
import { known, spanIdOf } from './span.ts';
import type { Attributes, Span, SpanEvent } from './span.ts';

/** Of one span: a step of thousands of candidates is told by its last scores alone. */
const eventsAtMost = 1000;

export type ExampleEvent = Extract<RunEvent, { type: 'example' }>;

export interface RunSpansOptions {
  readonly setting: Setting;
  /** What the root is called: `optimize intents`. */
  readonly name: string;
  /** Whether program runs stand under the step that they are of; else under the root. */
  readonly steps: boolean;
  emit(span: Span): void;
}

interface OpenSpan {
  readonly id: string;
  start: number;
  end: number;
  attributes: Attributes;
  readonly events: SpanEvent[];
  failed: boolean;
}

interface Session extends OpenSpan {
  readonly steps: Map<string, OpenSpan>;
  /** Training jobs by step. */
  readonly jobs: Map<string, OpenSpan>;
  runs: number;
}

/** Mutable and fed once per event and program run. */
export class RunSpans {
  readonly #options: RunSpansOptions;
  #session: Session | null = null;
  #last = 0;

  constructor(options: RunSpansOptions) {
    this.#options = options;
  }

  /**
   * A session begins: each is a root of the run's one trace.
   *
   * @param number of the session within the run: the place of its first event in the log.
   */
  begin(time: number, number: number, attributes: Attributes): void {
    this.end(time);
    const { run, program } = this.#options.setting;
    const id = spanIdOf(run, 'session', number);
    const own = known({
      [ATTR_GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
      [ATTR_GEN_AI_WORKFLOW_NAME]: program,
      'openinference.span.kind': 'CHAIN',
      'session.id': run,
      'bettertogether.run': run,
      ...attributes,
    });
    this.#session = { ...opened(id, time, own), steps: new Map(), jobs: new Map(), runs: 0 };
  }

  /** @param seq of the event in its log. */
  event(event: RunEvent, time: number, seq: number): void {
    this.#last = time;
    if (event.type === 'run.started') {
      const { strategy, seed, endpoint, model, resumed } = event;
      this.begin(time, seq, {
        'bettertogether.strategy': strategy,
        'bettertogether.seed': seed,
        'bettertogether.endpoint': endpoint,
        'bettertogether.resumed': resumed,
        [ATTR_GEN_AI_REQUEST_MODEL]: model,
      });
      return;
    }
    const session = this.#session;
    if (session === null) return;
    session.end = Math.max(session.end, time);
    if ('prefix' in event) this.#ofStep(session, event, time);
    if (event.type === 'run.finished') this.#finish(session, time, event.result.best);
    if (event.type === 'run.stopped') this.#stop(session, time, event.reason);
  }

  /**
   * A program run ended.
   *
   * @param told what the log says of it.
   */
  run(run: ProgramRun, told: ExampleEvent, time: number, remembered: ReadonlyMap<string, Remembered>): void {
    const session = this.#session;
    if (session === null) return;
    const { setting, steps, emit } = this.#options;
    const parent = steps ? this.#step(session, run.step, time) : session;
    const place = {
      parent: parent.id,
      id: spanIdOf(session.id, 'program run', session.runs++),
      end: time,
      score: told.score,
      // One that was made now may have been answered by the memo throughout, and then says so of each request.
      recalled: told.cached && recordsOf(run.outcome).some(({ cached }) => !cached),
      earliest: session.start,
    };
    const spans = programRunSpans(setting, run, place, remembered);
    // The first news of a step may be that a program run of it ended.
    parent.start = Math.min(parent.start, spans[0]?.start ?? time);
    spans.forEach(emit);
  }

  /** Nothing more comes: a session without an end of its own ends here. */
  end(time: number = this.#last): void {
    if (this.#session !== null) this.#close(this.#session, time);
  }

  #ofStep(session: Session, event: Extract<RunEvent, { readonly prefix: string }>, time: number): void {
    if (!this.#options.steps) return;
    const step = this.#step(session, event.prefix, time);
    step.end = Math.max(step.end, time);
    const note = (name: string, attributes: Attributes) => {
      if (step.events.length < eventsAtMost) step.events.push({ name, time, attributes });
    };
    const { metric } = this.#options.setting;
    switch (event.type) {
      case 'step.started':
        step.attributes = { ...step.attributes, 'bettertogether.kind': event.kind };
        return;
      case 'step.skipped':
        step.attributes = { ...step.attributes, 'bettertogether.skipped': true };
        return;
      case 'evaluated':
        // Shares, as the scores of program runs are.
        return note(EVENT_GEN_AI_EVALUATION_RESULT, {
          [ATTR_GEN_AI_EVALUATION_NAME]: metric,
          [ATTR_GEN_AI_EVALUATION_SCORE_VALUE]: event.score.score / 100,
          'bettertogether.split': event.split,
          'bettertogether.rows': event.score.n,
        });
      case 'candidate.finished':
        return note(
          'bettertogether.candidate',
          known({
            'bettertogether.candidate': event.candidate,
            'bettertogether.score': event.score && event.score.score / 100,
          }),
        );
      case 'proposal':
        return note(
          'bettertogether.proposal',
          known({ 'bettertogether.predictor': event.predictor, 'bettertogether.end': event.end }),
        );
      case 'job.submitted':
      case 'job.finished':
      case 'job.failed':
        return this.#ofJob(session, step.id, event, time);
      default:
        return;
    }
  }

  #ofJob(
    session: Session,
    parent: string,
    event: Extract<RunEvent, { type: 'job.submitted' | 'job.finished' | 'job.failed' }>,
    time: number,
  ): void {
    const id = spanIdOf(parent, 'job', event.hash);
    if (event.type === 'job.submitted') {
      const about = { 'openinference.span.kind': 'TOOL', 'bettertogether.adopted': event.adopted };
      session.jobs.set(event.hash, opened(id, time, about));
      return;
    }
    const job = session.jobs.get(event.hash) ?? opened(id, time, { 'openinference.span.kind': 'TOOL' });
    session.jobs.delete(event.hash);
    const told =
      event.type === 'job.failed'
        ? { [ATTR_ERROR_TYPE]: 'job' }
        : known({
            [ATTR_GEN_AI_RESPONSE_MODEL]: event.model,
            'bettertogether.trained_tokens': event.trainedTokens,
            'bettertogether.recalled': event.cached || null,
          });
    const ended = {
      ...job,
      end: time,
      attributes: { ...job.attributes, ...told },
      failed: event.type === 'job.failed',
    };
    this.#emit(ended, 'training job', parent);
  }

  #step(session: Session, prefix: string, time: number): OpenSpan {
    const there = session.steps.get(prefix);
    if (there !== undefined) return there;
    const made = opened(spanIdOf(session.id, 'step', prefix), time, {
      'openinference.span.kind': 'CHAIN',
      'bettertogether.step': prefix,
    });
    session.steps.set(prefix, made);
    return made;
  }

  #finish(session: Session, time: number, best: string): void {
    session.attributes = { ...session.attributes, 'bettertogether.best': best, 'bettertogether.end': 'finished' };
    this.#close(session, time);
  }

  #stop(session: Session, time: number, reason: string): void {
    session.attributes = { ...session.attributes, 'bettertogether.end': reason };
    session.failed = reason !== 'cancelled';
    if (session.failed) session.attributes = { ...session.attributes, [ATTR_ERROR_TYPE]: reason };
    this.#close(session, time);
  }

  #close(session: Session, time: number): void {
    this.#session = null;
    for (const [prefix, step] of session.steps) this.#emit(step, prefix === '' ? 'baseline' : prefix, session.id);
    this.#emit({ ...session, end: Math.max(session.end, time) }, this.#options.name, null);
  }

  #emit({ id, start, end, attributes, events, failed }: OpenSpan, name: string, parent: string | null): void {
    const { setting, emit } = this.#options;
    emit({ id, parent, trace: setting.trace, name, kind: 'internal', start, end, attributes, events, failed });
  }
}

function opened(id: string, time: number, attributes: Attributes): OpenSpan {
  return { id, start: time, end: time, attributes, events: [], failed: false };
}
