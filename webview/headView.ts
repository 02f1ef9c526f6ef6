/** The head of the page: which run it is, how it stands, what it took, and what can be done with it. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Act, Snapshot } from '../src/viewProtocol.ts';
import { count, dollars, duration, plural, purposeName, short, startName, stepName } from '../src/view/words.ts';
import { secondsWorked } from '../src/view/workTime.ts';
import type { Actions } from './actions.ts';
import { facts, leftText } from './parts.ts';

const statusName: Readonly<Record<Snapshot['status'], string>> = {
  running: 'Running',
  finished: 'Finished',
  stopped: 'Stopped',
  crashed: 'Interrupted',
};

const actName: Readonly<Record<Act, string>> = {
  cancel: 'Cancel',
  resume: 'Resume',
  prompts: 'Prompts',
  compare: 'Compare…',
  report: 'Report…',
  export: 'Export…',
};

const actTitle: Readonly<Record<Act, string>> = {
  cancel: 'Stop the run. Nothing that was paid for is lost: it can be resumed.',
  resume: 'Go on where the run stopped. Nothing is paid twice.',
  prompts: 'Show what changed in the prompts, side by side',
  compare: 'Show this run beside others',
  report: 'Save the run as one HTML file to hand on',
  export: 'Write the program with what the run found to a file',
};

/** @param whole also what is looked at once: on the other tabs a line is enough. */
export function headView(snapshot: Snapshot, whole: boolean, actions: Actions): TemplateResult {
  const { asked, status, complete, name } = snapshot;
  return html`<header>
    <div class="head-line">
      <h1>
        ${name ?? asked.program}
        <span class="muted"
          >${name === null ? '' : `${asked.program} `}${stepName(asked.strategy, startName(asked.from))}${asked.from === null ? '' : ` from ${asked.from}`}</span
        >
        <span class=${`badge ${status}`}>${statusName[status]}</span>
        ${complete ? nothing : html`<span class="muted" role="status">reading the log…</span>`}
      </h1>
      ${atWork(snapshot)} ${buttons(snapshot, actions)}
    </div>
    ${whole ? more(snapshot) : nothing}
  </header>`;
}

function buttons({ acts }: Snapshot, actions: Actions): TemplateResult | typeof nothing {
  if (acts.length === 0) return nothing;
  return html`<div class="acts" role="group" aria-label="Actions on the run">
    ${acts.map(
      (act) =>
        html`<vscode-button
          appearance=${act === 'resume' ? 'primary' : 'secondary'}
          title=${actTitle[act]}
          @click=${() => actions.act(act)}
          >${actName[act]}</vscode-button
        >`,
    )}
  </div>`;
}

/** What a run that works is at, and how long that takes. */
function atWork({ status, steps, asked }: Snapshot): TemplateResult | typeof nothing {
  const step = steps.find(({ activity, job }) => activity !== null || job?.status === 'running');
  if (status !== 'running' || step === undefined) return nothing;
  const { activity, job, prefix } = step;
  const name = stepName(prefix, startName(asked.from));
  const [what, progress] = activity === null ? ['training', job!] : [purposeName[activity.work], activity];
  const [done, of] = 'done' in progress ? [progress.done, progress.of] : [progress.step ?? 0, progress.steps];
  const share = of === null ? count(done) : `${count(done)} of ${count(of)}`;
  return html`<span class="muted at-work">${name}: ${what} ${share}${leftText(progress.since, done, of)}</span>`;
}

function more(snapshot: Snapshot): TemplateResult {
  const { asked, stopped, problem, warnings, note } = snapshot;
  return html`<div class="head-more">
    ${facts([
      ['Model', `${asked.model} on ${asked.endpoint}`],
      ['Metric', asked.metric],
      ['Seed', asked.seed],
      rowsFact(snapshot),
      timeFact(snapshot),
      ['Calls', usageText(snapshot)],
      ['Cost', costText(snapshot)],
      bestFact(snapshot),
    ])}
    ${note === null ? nothing : html`<p class="note">${note}</p>`}
    ${stopped === null ? nothing : html`<p class="message bad" role="alert">Stopped (${stopped.reason}): ${stopped.message}</p>`}
    ${problem === null ? nothing : html`<p class="message bad" role="alert">${problem}</p>`}
    ${
      warnings.length === 0
        ? nothing
        : html`<details class="message">
            <summary>${plural(warnings.length, 'warning')}</summary>
            <ul>
              ${warnings.map((warning) => html`<li>${warning}</li>`)}
            </ul>
          </details>`
    }
  </div>`;
}

function rowsFact({ splits }: Snapshot): readonly [string, string] | null {
  if (splits === null) return null;
  const test = splits.test === null ? '' : `, ${splits.test} test`;
  return ['Rows', `${splits.train} train, ${splits.dev} dev${test}`];
}

function timeFact({ began, worked, updated, status }: Snapshot): readonly [string, string] | null {
  if (began === null) return null;
  const end = status === 'running' ? new Date().toISOString() : updated;
  return ['Time', duration(secondsWorked(worked, end))];
}

function usageText({ usage, asked }: Snapshot): string {
  return `${count(usage.calls)} paid${ofCap(usage.calls, asked.budget.calls, count)}, ${count(usage.cached)} from the memo`;
}

/** Dollars and tokens, each with its cap. */
function costText({ usage, asked: { budget } }: Snapshot): string {
  const { inputTokens, outputTokens, usd } = usage;
  const all = inputTokens === null || outputTokens === null ? null : inputTokens + outputTokens;
  const tokens = all === null ? 'tokens unknown' : `${short(all)} tokens`;
  const cost = usd === null ? 'dollars unknown' : dollars(usd);
  return `${cost}${ofCap(usd, budget.usd, dollars)}, ${tokens}${ofCap(all, budget.tokens, short)}`;
}

/** ` of at most 20,000 (5 %)`; nothing where there is no cap. */
function ofCap(used: number | null, cap: number | null, text: (value: number) => string): string {
  if (cap === null) return '';
  const share = used === null || cap === 0 ? '' : ` (${Math.floor((100 * used) / cap)} %)`;
  return ` of at most ${text(cap)}${share}`;
}

function bestFact({ best, final, asked }: Snapshot): readonly [string, string] | null {
  if (best === null) return null;
  const named = (prefix: string): string => stepName(prefix, startName(asked.from));
  const text = final !== null && final !== best ? `${named(best)} (final: ${named(final)})` : named(best);
  return ['Best on dev', text];
}
