/** Starts, resumes and cancels runs. Everything that runs code or spends money in a run begins here. */
import type { BudgetCaps, ResolvedProgram } from '../../config/resolved.ts';
import { HumanError } from '../../base/errors.ts';
import { createRun, removeUnbegun } from '../../run/record/createRun.ts';
import { loadProgramData } from '../../run/data/loadData.ts';
import { requestCancel } from '../../run/record/cancelRequest.ts';
import { runFiles } from '../../run/record/runFolder.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import { keyEnvironment } from '../keys/askApiKey.ts';
import type { ApiKeys } from '../keys/apiKeys.ts';
import { showError } from '../base/errors.ts';
import { otlpArguments } from '../base/otlp.ts';
import { requireTrust } from '../base/trust.ts';
import { isResumable, runName } from '../../editor/items/runItem.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { lastOutput, spawnRun } from '../../editor/processes/runProcess.ts';
import type { RunStore } from './runStore.ts';
import type { Log } from '../base/log.ts';

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

export class RunStarter {
  readonly #options: StarterOptions;

  constructor(options: StarterOptions) {
    this.#options = options;
  }

  /**
   * @param consent what the person agreed to: see `agreementsOf`.
   * @throws UsageError in a window that is not trusted, or naming what is wrong with the data.
   */
  async start(root: string, config: ResolvedProgram, consent: readonly string[]): Promise<RunLocation> {
    requireTrust('Optimizing a program');
    await this.#options.ready(config);
    const extra = await keyEnvironment(this.#options.keys, config);
    const data = await loadProgramData(config, root, await this.#options.environment(root, extra));
    const run = await createRun(root, config, data.hashes, consent);
    await this.#work(root, run, extra, otlpArguments());
    return run;
  }

  /**
   * The caller has asked the person where data and keys may go.
   *
   * @param caps new caps over the whole run; the others stay.
   */
  async resume(item: RunItem, caps: Partial<BudgetCaps> = {}): Promise<void> {
    requireTrust('Resuming a run');
    if (!isResumable(item)) throw new HumanError(`${runName(item)} is ${item.status}: there is nothing to resume.`);
    await this.#options.ready(item.manifest.asked);
    const extra = await keyEnvironment(this.#options.keys, item.manifest.asked);
    await this.#work(item.root, item.run, extra, ['--yes', ...capArguments(caps), ...otlpArguments()]);
  }

  async cancel(item: RunItem): Promise<void> {
    if (item.status !== 'running')
      throw new HumanError(`${runName(item)} is ${item.status}: there is nothing to cancel.`);
    await requestCancel(item.run.folder);
    this.#options.log.info(`asked run ${item.run.id} to stop`);
  }

  async #work(
    root: string,
    run: RunLocation,
    extra: Readonly<Record<string, string>>,
    args: readonly string[],
  ): Promise<void> {
    const { cli, environment, runs, log } = this.#options;
    const { pid, exited } = await spawnRun(cli, root, run, await environment(root, extra), args);
    log.info(`process ${pid} works on run ${run.id}`);
    void exited.then((code) => this.#ended(run, pid, code)).catch((error: unknown) => showError(error, log));
    await runs.refresh();
  }

  async #ended(run: RunLocation, pid: number, code: number | null): Promise<void> {
    const { runs, log } = this.#options;
    log.info(`process ${pid} of run ${run.id} ended with ${code ?? 'a signal'}`);
    await runs.refresh();
    const item = runs.get(run.folder);
    if (code === 0 || item === undefined || item.view.started !== null) return;
    // It never got as far as its first event: a program that does not load, an endpoint that does not answer.
    const said = await lastOutput(runFiles(run.folder).output);
    await removeUnbegun(run);
    await runs.refresh();
    throw new HumanError(
      said === '' ? `The run of ${item.manifest.asked.key} ended with ${code ?? 'a signal'}.` : said,
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
