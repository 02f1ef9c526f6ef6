/** What taking records over means, in lines for people. What is agreed to is not cut. */
import * as l10n from '../../base/l10n.ts';
import { HumanError } from '../../base/errors.ts';
import { formatStrategy } from '../../data/strategy.ts';
import type { Adoption } from '../adopt/adopt.ts';
import type { Adoptable, ForeignRun } from '../adopt/adoptable.ts';
import type { Uses } from '../adopt/uses.ts';
import { allUses, usesOf } from '../adopt/uses.ts';
import { shellWord } from '../code/shell.ts';
import { bytes, count } from '../../view/words.ts';
import { counted } from '../../view/counted.ts';

/** Runs that are listed one by one: after an upgrade there may be hundreds. */
const runsListed = 10;

/** What the records would use in all, and which they are. */
export function adoptionLines({ runs, comparisons, adapters, jobs, memo }: Adoptable): readonly string[] {
  const servers = adapters.map(({ server: { baseURL, apiKeyEnv } }) => ({ baseURL, apiKeyEnv }));
  const uses = allUses([...runs.map(({ manifest }) => usesOf(manifest.asked)), { ...noUses, addresses: servers }]);
  const others = runs.length - runsListed;
  const consequences = usesLines(uses);
  return [
    ...(consequences.length === 0 ? [] : [l10n.t('Once taken over, what is listed below'), ...consequences]),
    ...runs.slice(-runsListed).map(runLine),
    ...(others > 0 ? [l10n.t`and ${counted(others, 'earlierRun')}`] : []),
    ...comparisons.map(({ comparison }) => l10n.t`comparison ${comparison.id} of ${comparison.program}`),
    ...adapters.map(({ name, folder }) => l10n.t`adapter ${name}, trained in ${folder}`),
    ...jobs.map(({ folder, start }) => l10n.t`training job in ${folder}, ended: ${commandText(start.command)}`),
    ...(memo.segments === 0
      ? []
      : [l10n.t`remembered answers, ${bytes(memo.bytes)}: they would be taken for answers that you paid for`]),
  ];
}

/** What could not be taken over, and why; `null`: all was. */
export function adoptionError(failed: Adoption['failed']): HumanError | null {
  if (failed.length === 0) return null;
  const each = failed.map(({ what, why }) => `\n${what}: ${why}`).join('');
  const said =
    failed.length === 1
      ? l10n.t('1 record could not be taken over; all others were.')
      : l10n.t`${count(failed.length)} records could not be taken over; all others were.`;
  return new HumanError(`${said}${each}`);
}

/** One run, and what it would use. */
export const runAdoptionLines = (run: ForeignRun): readonly string[] => [
  runLine(run),
  ...usesLines(usesOf(run.manifest.asked)),
];

const noUses: Uses = { addresses: [], files: [], commands: [], written: [] };

function runLine({ run, manifest: { asked, created, start } }: ForeignRun): string {
  const line = l10n.t`run ${run.id} of ${asked.key}, ${formatStrategy(asked.strategy)}, begun ${created}`;
  return start === undefined ? line : l10n.t`${line}, from the state of ${start.from}`;
}

function usesLines({ addresses, files, commands, written }: Uses): readonly string[] {
  return [
    ...addresses.map(({ baseURL, apiKeyEnv }) => {
      const sent =
        apiKeyEnv === null
          ? l10n.t`would send rows and prompts to ${baseURL}, without a key`
          : l10n.t`would send rows and prompts to ${baseURL}, with the key in the variable ${apiKeyEnv}`;
      return `  ${sent}`;
    }),
    ...files.map((file) => `  ${l10n.t`would read or run ${file}`}`),
    ...commands.flatMap(({ command, where, env }) => [
      `  ${l10n.t`would start in ${where}: ${commandText(command)}`}`,
      ...Object.entries(env).map(([name, value]) => `    ${l10n.t`with ${`${name}=${shellWord(value)}`}`}`),
    ]),
    ...written.map(({ file, text }) => `  ${l10n.t`would write ${file}: ${shellWord(text)}`}`),
  ];
}

const commandText = (command: readonly string[]): string => command.map(shellWord).join(' ');
