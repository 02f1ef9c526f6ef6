/** What taking records over means, in lines for people. */
import type { Adoptable } from '../adopt/adoptable.ts';
import type { ForeignRun } from '../adopt/adoptable.ts';
import type { Uses } from '../adopt/uses.ts';
import { allUses, usesOf } from '../adopt/uses.ts';
import { brief, bytes, plural } from './words.ts';

/** The records one by one, and what they would use in all. */
export function adoptionLines({ runs, comparisons, adapters, jobs, memo }: Adoptable): readonly string[] {
  const servers = adapters.map(({ server: { baseURL, apiKeyEnv } }) => ({ baseURL, apiKeyEnv }));
  const uses = allUses([...runs.map(({ manifest }) => usesOf(manifest.asked)), { ...noUses, addresses: servers }]);
  return [
    ...runs.map(runLine),
    ...comparisons.map(({ comparison }) => `comparison ${comparison.id} of ${comparison.program}`),
    ...adapters.map(({ name, folder }) => `adapter ${name}, trained in ${folder}`),
    ...jobs.map((folder) => `training job in ${folder}`),
    ...(memo.segments === 0
      ? []
      : [`remembered answers, ${bytes(memo.bytes)}: they would be taken for answers that you paid for`]),
    ...usesLines(uses),
  ];
}

/** One run, and what it would use. */
export const runAdoptionLines = (run: ForeignRun): readonly string[] => [
  runLine(run),
  ...usesLines(usesOf(run.manifest.asked)),
];

const noUses: Uses = { addresses: [], files: [], commands: [] };

const runLine = ({ run, manifest: { asked, created } }: ForeignRun): string =>
  `run ${run.id} of ${asked.key}, ${brief(asked.strategy)}, begun ${created}`;

function usesLines({ addresses, files, commands }: Uses): readonly string[] {
  return [
    ...addresses.map(({ baseURL, apiKeyEnv }) => {
      const key = apiKeyEnv === null ? 'without a key' : `with the key in the variable ${apiKeyEnv}`;
      return `  would send rows and prompts to ${baseURL}, ${key}`;
    }),
    ...files.map((file) => `  would read or run ${file}`),
    ...commands.map(({ command, cwd, env }) => {
      const set = env.length === 0 ? '' : `, with ${plural(env.length, 'variable')}: ${brief(env.join(', '))}`;
      return `  would start in ${cwd}: ${brief(command.join(' '), 1000)}${set}`;
    }),
  ];
}
