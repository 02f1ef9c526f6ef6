/** Show Gathered Module: what a run makes of the cells of a notebook, to be read before it. */
import * as l10n from '../../base/l10n.ts';
import * as z from 'zod';
import { placeText } from '../../base/placeText.ts';
import { programTitle } from '../../editor/items/programItem.ts';
import { requireSaved } from '../base/saving.ts';
import { showReadOnlyText } from '../base/readOnlyText.ts';
import { requireTrust } from '../base/trust.ts';
import { withProgress } from '../base/messages.ts';
import { runCli } from '../processes/childProcess.ts';
import type { Session } from '../session/session.ts';
import { programTarget } from '../session/targets.ts';

/** The object that `notebook --json` prints, as far as it is shown. */
const gatheredSchema = z.object({
  notebooks: z.array(
    z.object({
      notebook: z.string(),
      what: z.string(),
      text: z.string(),
      notes: z.array(z.string()),
      leftOut: z.array(z.object({ cell: z.number(), line: z.number(), why: z.string() })),
    }),
  ),
});
type Gathered = z.infer<typeof gatheredSchema>['notebooks'][number];

export async function showGatheredModule(session: Session, argument: unknown): Promise<void> {
  requireTrust(l10n.t('Reading a notebook with your Python'));
  const program = await programTarget(session, argument, l10n.t('Show Gathered Module'));
  await requireSaved(program.file);
  const { root, keys, file, name } = program;
  const env = await session.environment(root);
  const out = await withProgress(
    l10n.t`Gathering ${programTitle(program)}`,
    ({ token }) =>
      runCli(['notebook', keys[0] ?? `${file}#${name}`, '--json'], { cli: session.cli, cwd: root, env, token }),
    { cancellable: true },
  );
  const { notebooks } = gatheredSchema.parse(JSON.parse(out));
  await showReadOnlyText(l10n.t`Module of ${programTitle(program)}`, notebooks.map(inWords).join('\n'));
}

function inWords({ notebook, what, text, notes, leftOut }: Gathered): string {
  const rest = leftOut.map(({ why, ...place }) => `#   ${placeText({ file: notebook, ...place })}: ${why}`);
  const head = [`# ${notebook}: ${what}`, ...notes.map((note) => `# ${note}`)];
  return [...head, ...(rest.length === 0 ? [] : [`# ${l10n.t('Left out:')}`, ...rest]), '', text].join('\n');
}
