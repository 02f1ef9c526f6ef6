/** What a person looks at before an agent may run a program: where things go, what is run, and how the endpoint is written. */
import { contentHash } from '../../base/contentHash.ts';
import type { ResolvedEndpoint, ResolvedProgram } from '../../config/resolved.ts';
import { stepFiles } from '../../config/steps.ts';
import { usesOf } from '../adopt/uses.ts';
import { agreementsOf, consequencesOf } from '../work/consequences.ts';

/** Texts of somebody else: they are escaped where they are shown. Each is one thing that was agreed to, or was not. */
export type Terms = readonly string[];

/**
 * What running the program with its strategy means, each thing as a text of its own: hosts and keys (`agreementsOf`), code,
 * data, commands, and each endpoint as it is written. Two configurations with the same terms send the same things to the same places
 * at the same prices.
 */
export function termsOf(config: ResolvedProgram): Terms {
  const { program, metric, data, endpoint, services = [] } = config;
  const { addresses, commands, written } = usesOf(config);
  const optimizers = Object.values(stepFiles(config, (path) => path));
  const rows = [data.train, data.dev, data.test].filter((file) => file !== null);
  const all = [
    ...agreementsOf(consequencesOf(config)),
    `code ${program.file}#${program.name}`,
    ...(metric.kind === 'code' ? [`code ${metric.file}#${metric.name}`] : []),
    ...optimizers.map((file) => `code ${file}`),
    ...rows.map((file) => `data ${file}`),
    ...addresses.map(({ baseURL, apiKeyEnv }) => `address ${baseURL}${apiKeyEnv === null ? '' : ` with ${apiKeyEnv}`}`),
    ...commands.map(({ command, where }) => `command ${command.join(' ')} in ${where}`),
    ...written.map(({ file }) => `writes ${file}`),
    ...[endpoint, ...services].map(endpointTerm),
  ];
  return [...new Set(all)];
}

/** Prices are in it: who could lower them could spend more than a cap says. How fast it is asked is not. */
function endpointTerm(endpoint: ResolvedEndpoint | NonNullable<ResolvedProgram['services']>[number]): string {
  const hash = contentHash({ ...endpoint, concurrency: null, timeoutSeconds: null, patienceSeconds: null });
  return `endpoint ${endpoint.name} as it is written (${hash.slice(0, 12)})`;
}

/** What is wanted and was not agreed to. */
export function missingTerms(agreed: Terms, wanted: Terms): Terms {
  return wanted.filter((term) => !agreed.includes(term));
}
