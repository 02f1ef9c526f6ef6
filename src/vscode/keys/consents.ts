/** What the person agreed to in this workspace: hosts that its rows may go to, and code and keys that may be sent there. */
import * as l10n from '../../base/l10n.ts';
import type * as vscode from 'vscode';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { agreementsOf, consequencesOf, hostsOf } from '../../run/work/consequences.ts';
import type { Work } from '../../run/work/consequences.ts';
import { quoted } from '../../view/words.ts';
import { Dismissed } from '../base/errors.ts';
import { agreesTo } from '../base/messages.ts';
import { otlpInSettings } from '../base/otlp.ts';
import { capText, destinationText } from '../../editor/settings/planText.ts';
import { anded } from '../../run/text/anded.ts';

const key = 'consentedHosts';

export class Consents {
  readonly #state: vscode.Memento;

  constructor(state: vscode.Memento) {
    this.#state = state;
  }

  /**
   * Asks before rows, a program's code or a key go to a host that they did not go to before. Returns all that was
   * agreed to for this program (`agreementsOf`).
   *
   * @throws Dismissed when the person does not agree.
   */
  async ask(config: ResolvedProgram, work: Work = 'run'): Promise<readonly string[]> {
    const consequences = consequencesOf(config, work, otlpInSettings());
    const agreements = agreementsOf(consequences);
    const given = this.#state.get<readonly string[]>(key, []);
    const missing = agreements.filter((one) => !given.includes(one));
    if (missing.length === 0) return agreements;
    const detail = `${destinationText(consequences)} ${l10n.t('This is asked once per host, key and workspace.')}`;
    const hosts = hostsOf(consequences).filter((host) => missing.includes(host));
    const question =
      hosts.length > 0
        ? l10n.t`May rows of your data be sent to ${anded(hosts)}?`
        : l10n.t`May this be sent: ${missing.join(', ')}?`;
    if (!(await agreesTo({ kind: 'warning', question, detail, action: l10n.t('Send') }))) throw new Dismissed();
    await this.#state.update(key, [...given, ...missing]);
    return agreements;
  }

  /** Before a run that begins without a look at its price (from tasks.json), where it may cost money. */
  async askCosts(config: ResolvedProgram): Promise<void> {
    if (config.endpoint.kind === 'embedded' && !consequencesOf(config).costsMoney) return;
    const detail = l10n.t`${quoted(config.model)} on ${quoted(config.endpoint.name)}; ${capText(config.budget)}.`;
    const question = l10n.t`Start optimizing ${quoted(config.key)}? Calls may cost money.`;
    if (!(await agreesTo({ kind: 'warning', question, detail, action: l10n.t('Start') }))) throw new Dismissed();
  }
}
