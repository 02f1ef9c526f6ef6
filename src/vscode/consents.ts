/** What the person agreed to in this workspace: hosts that its rows may go to. */
import type * as vscode from 'vscode';
import type { ResolvedProgram } from '../config/resolved.ts';
import { consequencesOf, hostsOf } from '../run/consequences.ts';
import { Dismissed } from './errors.ts';
import { agreesTo } from './messages.ts';
import { capText, destinationText } from './optimize/planText.ts';

const key = 'consentedHosts';

export class Consents {
  readonly #state: vscode.Memento;

  constructor(state: vscode.Memento) {
    this.#state = state;
  }

  /**
   * Asks before rows go to a host that they did not go to before. Returns the hosts of this program.
   *
   * @throws Dismissed when the person does not agree.
   */
  async ask(config: ResolvedProgram): Promise<readonly string[]> {
    const consequences = consequencesOf(config);
    const hosts = hostsOf(consequences);
    const given = this.#state.get<readonly string[]>(key, []);
    const missing = hosts.filter((host) => !given.includes(host));
    if (missing.length === 0) return hosts;
    const detail = `${destinationText(consequences)} This is asked once per host and workspace.`;
    const question = `May rows of your data be sent to ${missing.join(' and ')}?`;
    if (!(await agreesTo({ kind: 'warning', question, detail, action: 'Send' }))) throw new Dismissed();
    await this.#state.update(key, [...given, ...missing]);
    return hosts;
  }

  /** Before a run that begins without a look at its price (from tasks.json), where it may cost money. */
  async askCosts(config: ResolvedProgram): Promise<void> {
    if (config.endpoint.kind === 'embedded' && !consequencesOf(config).costsMoney) return;
    const detail = `${config.endpoint.name}, ${config.model}; ${capText(config.budget)}.`;
    const question = `Start optimizing ${config.key}? Calls may cost money.`;
    if (!(await agreesTo({ kind: 'warning', question, detail, action: 'Start' }))) throw new Dismissed();
  }
}
