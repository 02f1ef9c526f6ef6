/** What a person looks at before an agent may run a program: where things go, what is run, and how the endpoint is written. */
import { contentHash } from '../../base/contentHash.ts';
import type { ResolvedEndpoint, ResolvedProgram } from '../../config/resolved.ts';
import { lmsAsked } from '../../config/lmsOfSteps.ts';
import { stepFiles } from '../../config/steps.ts';
import { usesOf } from '../adopt/uses.ts';
import { agreementsOf, consequencesOf } from '../work/consequences.ts';

/** Texts of somebody else: they are escaped where they are shown. Each is one thing that was agreed to, or was not. */
export type Terms = readonly string[];

/**
 * What running the program with its strategy means, each thing as a text of its own: hosts and keys (`agreementsOf`), code,
 * data, commands, the models that are asked and how long their answers may be, and each endpoint as it is written. With the same
 * terms the same files go to the same models at the same places and prices. What is in the files, which LMs code names by
 * itself, and how often a model is asked, they do not say: the cap holds that.
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
    ...[{ model: config.model, endpoint: endpoint.name }, ...lmsAsked(config)].map(
      (lm) => `model ${lm.model} at ${lm.endpoint}`,
    ),
    `answers of at most ${config.sampling.maxTokens} tokens`,
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
