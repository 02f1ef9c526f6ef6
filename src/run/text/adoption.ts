/** What taking records over means, in lines for people. What is agreed to is not cut. */
import { HumanError } from '../../base/errors.ts';
import { formatStrategy } from '../../data/strategy.ts';
import type { Adoption } from '../adopt/adopt.ts';
import type { Adoptable, ForeignRun } from '../adopt/adoptable.ts';
import type { Uses } from '../adopt/uses.ts';
import { allUses, usesOf } from '../adopt/uses.ts';
import { shellWord } from '../code/shell.ts';
import { bytes, plural } from '../../view/words.ts';

/** Runs that are listed one by one: after an upgrade there may be hundreds. */
const runsListed = 10;

/** What the records would use in all, and which they are. */
export function adoptionLines({ runs, comparisons, adapters, jobs, memo }: Adoptable): readonly string[] {
  const servers = adapters.map(({ server: { baseURL, apiKeyEnv } }) => ({ baseURL, apiKeyEnv }));
  const uses = allUses([...runs.map(({ manifest }) => usesOf(manifest.asked)), { ...noUses, addresses: servers }]);
  const others = runs.length - runsListed;
  const consequences = usesLines(uses);
  return [
    ...(consequences.length === 0 ? [] : ['Once taken over, what is listed below', ...consequences]),
    ...runs.slice(-runsListed).map(runLine),
    ...(others > 0 ? [`and ${plural(others, 'earlier run')}`] : []),
    ...comparisons.map(({ comparison }) => `comparison ${comparison.id} of ${comparison.program}`),
    ...adapters.map(({ name, folder }) => `adapter ${name}, trained in ${folder}`),
    ...jobs.map(({ folder, start }) => `training job in ${folder}, ended: ${commandText(start.command)}`),
    ...(memo.segments === 0
      ? []
      : [`remembered answers, ${bytes(memo.bytes)}: they would be taken for answers that you paid for`]),
  ];
}

/** What could not be taken over, and why; `null`: all was. */
export function adoptionError(failed: Adoption['failed']): HumanError | null {
  if (failed.length === 0) return null;
  const each = failed.map(({ what, why }) => `\n${what}: ${why}`).join('');
  return new HumanError(`${plural(failed.length, 'record')} could not be taken over; all others were.${each}`);
}

/** One run, and what it would use. */
export const runAdoptionLines = (run: ForeignRun): readonly string[] => [
  runLine(run),
  ...usesLines(usesOf(run.manifest.asked)),
];

const noUses: Uses = { addresses: [], files: [], commands: [], written: [] };

const runLine = ({ run, manifest: { asked, created, start } }: ForeignRun): string =>
  `run ${run.id} of ${asked.key}, ${formatStrategy(asked.strategy)}, begun ${created}` +
  (start === undefined ? '' : `, from the state of ${start.from}`);

function usesLines({ addresses, files, commands, written }: Uses): readonly string[] {
  return [
    ...addresses.map(({ baseURL, apiKeyEnv }) => {
      const key = apiKeyEnv === null ? 'without a key' : `with the key in the variable ${apiKeyEnv}`;
      return `  would send rows and prompts to ${baseURL}, ${key}`;
    }),
    ...files.map((file) => `  would read or run ${file}`),
    ...commands.flatMap(({ command, where, env }) => [
      `  would start in ${where}: ${commandText(command)}`,
      ...Object.entries(env).map(([name, value]) => `    with ${name}=${shellWord(value)}`),
    ]),
    ...written.map(({ file, text }) => `  would write ${file}: ${shellWord(text)}`),
  ];
}

const commandText = (command: readonly string[]): string => command.map(shellWord).join(' ');
