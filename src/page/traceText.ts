/** One program run as text that is only to be read. Plain, and bounded: models wrote most of it. */
import * as l10n from '../base/l10n.ts';
import { shownFields } from '../base/exact.ts';
import type { Fields } from '../base/json.ts';
import { onLines } from '../base/visibleText.ts';
import { labelsOf } from '../data/program.ts';
import type { Example } from '../data/program.ts';
import { plainText } from '../view/lineText.ts';
import { counted } from '../view/counted.ts';
import { duration, errorText, rowScore, shownNumber } from '../view/words.ts';
import type { Remembered } from '../viewProtocol/chats.ts';
import type { TraceView } from '../viewProtocol/traces.ts';

/** Characters of one value, and of the whole. */
const valueAtMost = 20_000;
const textAtMost = 200_000;

type Call = TraceView['outcome']['trace'][number];

/** @param answers what the memo keeps, by the key of the request. */
export function traceText(
  { example, purpose, outcome }: TraceView,
  row: Example | undefined,
  answers: ReadonlyMap<string, Remembered>,
): string {
  const { prediction, score, feedback, error, trace, seconds } = outcome;
  const head = l10n.t(
    'Row {0} of {1}: score {2}, {3}',
    shownNumber(example),
    purpose,
    rowScore(score),
    duration(seconds),
  );
  const parts = [
    head,
    ...(error === undefined
      ? []
      : [section(l10n.t('Error'), errorText({ ...error, kind: error.kind as 'program' }, true))]),
    ...(feedback === undefined ? [] : [section(l10n.t('The metric said'), feedback)]),
    ...(row === undefined
      ? []
      : [fieldsSection(l10n.t('Inputs'), row.inputs), fieldsSection(l10n.t('Labels'), labelsOf(row))]),
    prediction === null
      ? section(l10n.t('Prediction'), l10n.t('(none)'))
      : fieldsSection(l10n.t('Prediction'), prediction),
    ...trace.map((call, place) => callText(call, place, trace.length, answers)),
  ];
  return cut(onLines(`${parts.filter((part) => part !== '').join('\n\n')}\n`), textAtMost);
}

function callText(call: Call, place: number, of: number, answers: ReadonlyMap<string, Remembered>): string {
  const { predictor, inputs, outputs, error, lm, seconds } = call;
  const title = `${l10n.t('Call {0} of {1}', shownNumber(place), of)}: ${predictor}, ${duration(seconds)}`;
  const parts = [
    `${title}\n${'='.repeat(Math.min(80, title.length))}`,
    fieldsSection(l10n.t('Inputs'), inputs),
    outputs === null
      ? section(l10n.t('Outputs'), error ?? l10n.t('(none)'))
      : fieldsSection(l10n.t('Outputs'), outputs),
    ...lm.map((request, i) => requestText(request, i, lm.length, answers)),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function requestText(
  { key, model, usage, cached }: Call['lm'][number],
  place: number,
  of: number,
  answers: ReadonlyMap<string, Remembered>,
): string {
  const name =
    of === 1 ? l10n.t('Request to {0}', model) : l10n.t('Request {0} of {1} to {2}', shownNumber(place), of, model);
  const tokens = usage === null ? [] : [counted(usage.inputTokens + usage.outputTokens, 'token')];
  const title = [name, ...tokens, ...(cached ? [l10n.t('from the memo')] : [])].join(', ');
  const body = answers.get(key)?.body ?? null;
  if (body === null) return section(title, l10n.t('The memo does not hold it any more.'));
  const messages = body.messages.map(({ role, content }) => `[${role}]\n${cut(content, valueAtMost)}`);
  const answer = `[${l10n.t('answer')}]\n${cut(body.completion ?? body.whyNoText ?? l10n.t('(nothing)'), valueAtMost)}`;
  return section(title, [...messages, answer].join('\n\n'));
}

function fieldsSection(title: string, fields: Fields): string {
  const lines = Object.entries(shownFields(fields)).map(
    ([name, value]) => `${name}: ${cut(plainText(value), valueAtMost)}`,
  );
  return lines.length === 0 ? '' : section(title, lines.join('\n'));
}

function section(title: string, text: string): string {
  return `${title}\n${'-'.repeat(Math.min(80, title.length))}\n${text}`;
}

function cut(text: string, most: number): string {
  return text.length <= most
    ? text
    : `${text.slice(0, most)}\n${l10n.t('… and {0}', counted(text.length - most, 'moreCharacter'))}`;
}
