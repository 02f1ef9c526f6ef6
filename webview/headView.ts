/** The head of the page: which run it is, how it stands, what it took, and what can be done with it. */
import * as l10n from '../src/base/l10n.ts';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Act, Snapshot } from '../src/viewProtocol/snapshot.ts';
import { actName } from '../src/view/actName.ts';
import { counted } from '../src/view/counted.ts';
import { stoppedText } from '../src/view/runRow.ts';
import { count, dollars, duration, purposeName, short, startName, stepName } from '../src/view/words.ts';
import { secondsWorked } from '../src/view/workTime.ts';
import type { Actions } from './actions.ts';
import { facts, leftText } from './parts.ts';

const statusName: Readonly<Record<Snapshot['status'], string>> = {
  running: l10n.t('Running'),
  finished: l10n.t('Finished'),
  stopped: l10n.t('Stopped'),
  crashed: l10n.t('Interrupted'),
};

const actTitle: Readonly<Record<Act, string>> = {
  cancel: l10n.t('Stop the run. Nothing that was paid for is lost: it can be resumed.'),
  resume: l10n.t('Go on where the run stopped. Nothing is paid twice.'),
  prompts: l10n.t('Show what changed in the prompts, side by side'),
  compare: l10n.t('Show this run beside others'),
  report: l10n.t('Save the run as one HTML file to hand on'),
  export: l10n.t('Write the program with what the run found to a file'),
};

/** @param whole also what is looked at once: on the other tabs a line is enough. */
export function headView(snapshot: Snapshot, whole: boolean, actions: Actions): TemplateResult {
  const { asked, status, complete, name } = snapshot;
  return html`<header>
    <div class="head-line">
      <h1>
        ${name ?? asked.program}
        <span class="muted"
          >${name === null ? '' : `${asked.program} `}${stepName(asked.strategy, startName(asked.from))}${asked.from === null ? '' : ` ${l10n.t('from {0}', asked.from)}`}</span
        >
        <span class=${`badge ${status}`}>${statusName[status]}</span>
        ${complete ? nothing : html`<span class="muted" role="status">${l10n.t('reading the log…')}</span>`}
      </h1>
      ${atWork(snapshot)} ${buttons(snapshot, actions)}
    </div>
    ${whole ? more(snapshot) : nothing}
  </header>`;
}

function buttons({ acts }: Snapshot, actions: Actions): TemplateResult | typeof nothing {
  if (acts.length === 0) return nothing;
  return html`<div class="acts" role="group" aria-label=${l10n.t('Actions on the run')}>
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
  const [what, progress] = activity === null ? [l10n.t('training'), job!] : [purposeName[activity.work], activity];
  const [done, of] = 'done' in progress ? [progress.done, progress.of] : [progress.step ?? 0, progress.steps];
  const share = of === null ? count(done) : l10n.t('{0} of {1}', count(done), count(of));
  return html`<span class="muted at-work">${name}: ${what} ${share}${leftText(progress.since, done, of)}</span>`;
}

function more(snapshot: Snapshot): TemplateResult {
  const { asked, stopped, problem, warnings, note } = snapshot;
  return html`<div class="head-more">
    ${facts([
      [l10n.t('Model'), l10n.t('{0} on {1}', asked.model, asked.endpoint)],
      [l10n.t('Metric'), asked.metric],
      [l10n.t('Seed'), asked.seed],
      rowsFact(snapshot),
      timeFact(snapshot),
      [l10n.t('Calls'), usageText(snapshot)],
      [l10n.t('Cost'), costText(snapshot)],
      bestFact(snapshot),
    ])}
    ${note === null ? nothing : html`<p class="note">${note}</p>`}
    ${stopped === null ? nothing : html`<p class="message bad" role="alert">${stoppedText(stopped)}</p>`}
    ${problem === null ? nothing : html`<p class="message bad" role="alert">${problem}</p>`}
    ${
      warnings.length === 0
        ? nothing
        : html`<details class="message">
            <summary>${counted(warnings.length, 'warning')}</summary>
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
  return [l10n.t('Rows'), `${splits.train} train, ${splits.dev} dev${test}`];
}

function timeFact({ began, worked, updated, status }: Snapshot): readonly [string, string] | null {
  if (began === null) return null;
  const end = status === 'running' ? new Date().toISOString() : updated;
  return [l10n.t('Time'), duration(secondsWorked(worked, end))];
}

function usageText({ usage, asked }: Snapshot): string {
  const paid = `${l10n.t('{0} paid', count(usage.calls))}${ofCap(usage.calls, asked.budget.calls, count)}`;
  return `${paid}, ${l10n.t('{0} from the memo', count(usage.cached))}`;
}

/** Dollars and tokens, each with its cap. */
function costText({ usage, asked: { budget } }: Snapshot): string {
  const { inputTokens, outputTokens, usd } = usage;
  const all = inputTokens === null || outputTokens === null ? null : inputTokens + outputTokens;
  const tokens = all === null ? l10n.t('tokens unknown') : l10n.t('{0} tokens', short(all));
  const cost = usd === null ? l10n.t('dollars unknown') : dollars(usd);
  return `${cost}${ofCap(usd, budget.usd, dollars)}, ${tokens}${ofCap(all, budget.tokens, short)}`;
}

/** ` of at most 20,000 (5 %)`; nothing where there is no cap. */
function ofCap(used: number | null, cap: number | null, text: (value: number) => string): string {
  if (cap === null) return '';
  const share = used === null || cap === 0 ? '' : ` (${Math.floor((100 * used) / cap)} %)`;
  return ` ${l10n.t('of at most {0}', text(cap))}${share}`;
}

function bestFact({ best, final, asked }: Snapshot): readonly [string, string] | null {
  if (best === null) return null;
  const named = (prefix: string): string => stepName(prefix, startName(asked.from));
  const text = final !== null && final !== best ? l10n.t('{0} (final: {1})', named(best), named(final)) : named(best);
  return [l10n.t('Best on dev'), text];
}
