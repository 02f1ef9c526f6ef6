/** Starts, resumes and cancels runs. Everything that runs code or spends money in a run begins here. */
import * as l10n from '../../base/l10n.ts';
import type { BudgetCaps, ResolvedProgram } from '../../config/resolved.ts';
import { HumanError } from '../../base/errors.ts';
import { removeUnbegun } from '../../run/record/createRun.ts';
import { requestCancel } from '../../run/record/cancelRequest.ts';
import { runFiles } from '../../run/record/runFolder.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import { keyEnvironment } from '../keys/askApiKey.ts';
import type { ApiKeys } from '../keys/apiKeys.ts';
import { showError } from '../base/errors.ts';
import { forPerson } from '../base/language.ts';
import { otlpArguments } from '../base/otlp.ts';
import { requireTrust } from '../base/trust.ts';
import { isResumable, runName } from '../../editor/items/runItem.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { lastOutput, spawnRun } from '../../editor/processes/runProcess.ts';
import type { RunProcess } from '../../editor/processes/runProcess.ts';
import { startRun } from '../../editor/processes/startRun.ts';
import type { RunToStart } from '../../editor/processes/startRun.ts';
import type { RunStore } from './runStore.ts';
import type { Log } from '../base/log.ts';
import { runStatusWord } from '../../view/runRow.ts';

export interface StarterOptions {
  /** `dist/cli.js`. */
  readonly cli: string;
  /** Of our processes, with what is given on top. */
  environment(root: string, extra: Readonly<Record<string, string>>): Promise<NodeJS.ProcessEnv>;
  readonly keys: ApiKeys;
  /** Asks the person what VS Code wants to hear from them before the run's LMs can be asked. */
  ready(config: ResolvedProgram): Promise<void>;
  readonly runs: RunStore;
  readonly log: Log;
}

export interface StartOptions {
  /** One that ends before its first event stays, for who asked for it to read why; else the person is told, and it goes. */
  readonly keepsUnbegun?: boolean;
}

export class RunStarter {
  readonly #options: StarterOptions;

  constructor(options: StarterOptions) {
    this.#options = options;
  }

  /** @throws UsageError in a window that is not trusted, or naming what is wrong with the data; what the hooks throw. */
  async start(wanted: RunToStart, options: StartOptions = {}): Promise<RunLocation> {
    requireTrust(l10n.t('Optimizing a program'));
    const { root, config } = wanted;
    await this.#options.ready(config);
    const extra = await forPerson(() => keyEnvironment(this.#options.keys, config));
    const env = await this.#options.environment(root, extra);
    const { run, process } = await startRun(wanted, { cli: this.#options.cli, env, args: otlpArguments() });
    await forPerson(() => this.#follow(run, process, options));
    return run;
  }

  /**
   * The caller has asked the person where data and keys may go.
   *
   * @param caps new caps over the whole run; the others stay.
   */
  async resume(item: RunItem, caps: Partial<BudgetCaps> = {}): Promise<void> {
    requireTrust(l10n.t('Resuming a run'));
    if (!isResumable(item))
      throw new HumanError(l10n.t`${runName(item)} is ${runStatusWord[item.status]}: there is nothing to resume.`);
    await this.#options.ready(item.manifest.asked);
    const extra = await keyEnvironment(this.#options.keys, item.manifest.asked);
    const { cli, environment } = this.#options;
    const args = ['--yes', ...capArguments(caps), ...otlpArguments()];
    const env = await environment(item.root, extra);
    await this.#follow(item.run, await spawnRun(cli, item.root, item.run, env, args));
  }

  async cancel(item: RunItem): Promise<void> {
    if (item.status !== 'running')
      throw new HumanError(l10n.t`${runName(item)} is ${runStatusWord[item.status]}: there is nothing to cancel.`);
    await requestCancel(item.run.folder);
    this.#options.log.info(`asked run ${item.run.id} to stop`);
  }

  async #follow(run: RunLocation, { pid, exited }: RunProcess, options: StartOptions = {}): Promise<void> {
    const { runs, log } = this.#options;
    log.info(`process ${pid} works on run ${run.id}`);
    void exited.then((code) => this.#ended(run, pid, code, options)).catch((error: unknown) => showError(error, log));
    await runs.refresh();
  }

  async #ended(run: RunLocation, pid: number, code: number | null, { keepsUnbegun }: StartOptions): Promise<void> {
    const { runs, log } = this.#options;
    log.info(`process ${pid} of run ${run.id} ended with ${code ?? 'a signal'}`);
    await runs.refresh();
    const item = runs.get(run.folder);
    if (keepsUnbegun === true || code === 0 || item === undefined || item.view.started !== null) return;
    // It never got as far as its first event: a program that does not load, an endpoint that does not answer.
    const said = await lastOutput(runFiles(run.folder).output);
    await removeUnbegun(run);
    await runs.refresh();
    if (said !== '') throw new HumanError(said);
    const { key } = item.manifest.asked;
    throw new HumanError(
      code === null ? l10n.t`The run of ${key} ended with a signal.` : l10n.t`The run of ${key} ended with ${code}.`,
    );
  }
}

function capArguments({ calls, tokens, usd }: Partial<BudgetCaps>): readonly string[] {
  const caps = [
    ['--budget-calls', calls],
    ['--budget-tokens', tokens],
    ['--budget-usd', usd],
  ] as const;
  return caps.flatMap(([option, cap]) => (cap === undefined || cap === null ? [] : [option, String(cap)]));
}
