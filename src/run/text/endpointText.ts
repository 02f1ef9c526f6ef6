/** What is known of an endpoint, in lines for people. */
import * as l10n from '../../base/l10n.ts';
import { editorBaseURL, editorName } from '../../data/editorEndpoint.ts';
import type { EndpointReport, ModelReport } from '../../view/endpointReport.ts';
import { brief, plural, quoted } from '../../view/words.ts';
import { counted } from '../../view/counted.ts';

/** Names that are listed at most. */
const namesAtMost = 20;

export function endpointLines(report: EndpointReport): readonly string[] {
  const { name, baseURL, answersAt, apiKeyEnv, revision, request, models, change, calls } = report;
  const place = baseURL === editorBaseURL ? editorName : baseURL;
  const moved = answersAt === baseURL ? '' : `, answers at ${answersAt}`;
  const key = apiKeyEnv === null ? 'no key' : `key in ${apiKeyEnv}`;
  const keys = Object.keys(request);
  return [
    `endpoint ${quoted(name)}: ${place}${moved}, ${key}${revision === null ? '' : `, revision ${quoted(revision)}`}`,
    ...(keys.length === 0 ? [] : [`each request carries ${keys.join(', ')}`]),
    listedLine(report),
    ...models.flatMap(modelLines),
    ...(change.length === 0 ? ['nothing to change'] : change.map((each) => `change: ${each}`)),
    ...(calls === 0 ? [] : [`${plural(calls, 'short call')} to find this out; it is remembered`]),
  ];
}

/** The same in one paragraph, for a notification. */
export function endpointSentences({ name, listed, models, change }: EndpointReport): string {
  const serves =
    listed === null ? l10n.t`${name} lists no models.` : l10n.t`${name} serves ${counted(listed.length, 'model')}.`;
  const changes = change.map((each) => l10n.t`Change: ${each.replace(/\.$/, '')}.`);
  return [serves, ...models.map(modelSentence), ...changes].join(' ');
}

function modelSentence({ model, problem, milliseconds, lacks }: ModelReport): string {
  if (problem !== null) return l10n.t`${model} does not answer: ${brief(problem, 600)}`;
  if (lacks.length === 0) return l10n.t`${model} answered in ${milliseconds ?? 0} ms.`;
  const lacking = lacks.map(({ part }) => part).join(l10n.t(', no '));
  return l10n.t`${model} answered in ${milliseconds ?? 0} ms; it has no ${lacking}.`;
}

function listedLine({ listed }: EndpointReport): string {
  if (listed === null) return 'it lists no models';
  const names = listed.slice(0, namesAtMost).map((name) => brief(name, 100));
  const more = listed.length > namesAtMost ? `, and ${listed.length - namesAtMost} more` : '';
  return `it lists ${plural(listed.length, 'model')}${listed.length === 0 ? '' : `: ${names.join(', ')}${more}`}`;
}

function modelLines({ model, server, problem, milliseconds, takes, lacks }: ModelReport): readonly string[] {
  const head = `model ${quoted(model)}${server === '' ? '' : ` (${brief(server, 100)})`}`;
  if (problem !== null) return [`${head} does not answer: ${brief(problem, 600)}`];
  return [
    `${head}, answers in ${milliseconds ?? 0} ms`,
    `  takes: ${takes.join(', ')}`,
    ...lacks.map(({ part, means, said }) => {
      const words = said === null ? '' : ` (it said: ${brief(said, 200)})`;
      return `  lacks: ${part}: ${means}${words}`;
    }),
  ];
}
