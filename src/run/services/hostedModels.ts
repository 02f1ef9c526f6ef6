/** Tuned models that their service answers with only while they are deployed: up when first asked, down at the end. */
import { messageOf } from '../../base/errors.ts';
import { sleep } from '../../engine/abort.ts';
import { EndpointRefused, EndpointUnavailable } from '../../engine/errors.ts';
import { minutesOf } from '../../engine/training.ts';
import type { Deployments } from '../../finetune/base/deployments.ts';
import type { Hosting } from '../../finetune/base/settings.ts';
import { timingOf } from '../../finetune/base/timing.ts';
import type { ResolvedTrainer } from '../../finetune/settings.ts';
import { SingleFlight } from '../../lm/singleFlight.ts';
import { dollars } from '../../view/words.ts';
import { unreadableEntry } from '../record/deploymentLedger.ts';
import type { DeploymentEntry, DeploymentLedger } from '../record/deploymentLedger.ts';
import type { Lock } from '../record/lock.ts';
import { Attempts } from './attempts.ts';
import { stopUnheld } from './stopDeployments.ts';

export interface HostingAccount {
  /** Enters what a deployment has cost, once each `key`. */
  charge(key: string, usd: number): void;
  /** @throws BudgetExhausted once more is spent than the cap allows. */
  checkCap(): void;
}

export interface HostedModelsOptions {
  /** Connects to the service; called once, when a tuned model is first asked or one is to be stopped. */
  readonly connect: () => { readonly deployments: Deployments; close(): Promise<void> };
  /** See `BackEnd.deploymentOf`. */
  readonly deploymentOf: (model: string) => string | null;
  readonly endpoint: string;
  readonly trainer: ResolvedTrainer;
  readonly hosting: Hosting;
  readonly ledger: DeploymentLedger;
  readonly account: HostingAccount;
  readonly warn: (message: string) => void;
}

interface Held {
  entry: DeploymentEntry;
  readonly lock: Lock;
  /** It was asked to start, and that gave no clear answer: it may come up later. */
  isUnclear: boolean;
  /** `performance.now()` of the last call; `-Infinity`: it was not ready yet. */
  usedAt: number;
  /** Milliseconds since 1970. */
  paidUntil: number;
  saving: Promise<void>;
}

const minute = 60_000;

export class HostedModels {
  readonly #options: HostedModelsOptions;
  readonly #held = new Map<string, Held>();
  readonly #flights = new SingleFlight<null>();
  /** Entries that cannot be read, and were said to be so. */
  readonly #named = new Set<string>();
  /** What starts a deployment, also when nobody waits for it any more. */
  readonly #underWay = new Set<Promise<null>>();
  #ending = new AbortController();
  #connected: ReturnType<HostedModelsOptions['connect']> | null = null;

  constructor(options: HostedModelsOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the service answers as the model; at once for one that needs no deployment.
   *
   * @throws EndpointUnavailable when it is not ready for as long as a job may be silent; EndpointRefused when it cannot be;
   * BudgetExhausted when the wait for it has cost more than the cap.
   */
  async ready(model: string, signal: AbortSignal): Promise<void> {
    const id = this.#options.deploymentOf(model);
    if (id === null) return;
    const held = this.#held.get(id);
    // The service stops what nobody asks: after a pause it is looked at again.
    const idle = (this.#options.hosting.idleMinutes * minute) / 2;
    if (held === undefined || performance.now() - held.usedAt > idle) {
      await this.#flights.run(id, signal, (shared) => {
        const work = this.#deploy(id, model, AbortSignal.any([shared, this.#ending.signal])).then(() => null);
        this.#underWay.add(work);
        return work.finally(() => this.#underWay.delete(work));
      });
    }
    const now = this.#held.get(id);
    if (now === undefined) return;
    now.usedAt = performance.now();
    this.#chargeByMinute(now);
  }

  /**
   * Ends what this process has up and nobody else asks, and what a process that died left behind at this service.
   * Whatever cannot be charged, written or said, each one is stopped.
   *
   * @throws the first of those errors, once all were tried.
   */
  async release(say: (message: string) => void): Promise<void> {
    await this.#endStarts();
    const held = [...this.#held.values()];
    this.#held.clear();
    const attempts = new Attempts();
    for (const one of held) {
      await one.saving;
      await attempts.make(() => {
        one.lock.release();
      });
      const isGone = await this.#stop(one.entry, say, attempts, one.isUnclear);
      await attempts.make(() => this.#charge(one, !isGone));
    }
    await attempts.make(() => this.#stopLeft(new Set(held.map(({ entry }) => entry.id)), say, attempts));
    attempts.throwFirst();
  }

  /** Nothing is started behind what stops it. */
  async #endStarts(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled(this.#underWay);
    this.#ending = new AbortController();
  }

  /** What is written down of this service besides; what cannot be read is named, once. */
  async #stopLeft(tried: ReadonlySet<string>, say: (message: string) => void, attempts: Attempts): Promise<void> {
    const { ledger, trainer } = this.#options;
    const isLeft = (entry: DeploymentEntry) => !tried.has(entry.id) && isSameService(entry.trainer, trainer);
    for (const entry of (await ledger.list()).filter(isLeft)) await this.#stop(entry, say, attempts);
    for (const path of await ledger.unreadable()) {
      if (this.#named.has(path)) continue;
      this.#named.add(path);
      say(unreadableEntry(path));
    }
  }

  /** Connects also for what a process left behind that died: this one may have nothing to ask. */
  #deployments(): Deployments {
    this.#connected ??= this.#options.connect();
    return this.#connected.deployments;
  }

  /** @returns whether it is gone. */
  async #stop(
    entry: DeploymentEntry,
    say: (message: string) => void,
    attempts: Attempts,
    isUnclear = false,
  ): Promise<boolean> {
    const { ledger, trainer } = this.#options;
    const again = isUnclear ? { againAfterSeconds: timingOf(trainer).pollSeconds } : {};
    try {
      return await stopUnheld(ledger, entry, this.#deployments(), again);
    } catch (error) {
      await attempts.make(() => {
        say(
          `The deployment ${entry.id} of "${entry.model}" could not be stopped, and costs about ${dollars(entry.usdPerHour)} an ` +
            `hour until the service finds it idle: ${messageOf(error)} \`bettertogether prune\` stops it.`,
        );
      });
      return false;
    }
  }

  async close(say: (message: string) => void): Promise<void> {
    try {
      await this.release(say);
    } finally {
      await this.#connected?.close();
      this.#connected = null;
    }
  }

  async #deploy(id: string, model: string, signal: AbortSignal): Promise<void> {
    const { ledger } = this.#options;
    if (!this.#held.has(id)) {
      await ledger.exclusively(id, signal, async () => {
        const isShared = await ledger.isHeld(id);
        const entry = await this.#entryOf(id, model);
        await ledger.put(entry);
        this.#hold(entry, isShared);
      });
    }
    await this.#untilReady(this.#held.get(id)!, signal);
  }

  /** As it is stopped and paid for now: what wrote an earlier one may have named its key otherwise. */
  async #entryOf(id: string, model: string): Promise<DeploymentEntry> {
    const { ledger, endpoint, trainer, hosting, warn } = this.#options;
    const { usdPerHour } = hosting;
    const present = { v: 1 as const, id, model, endpoint, trainer, usdPerHour };
    const earlier = await ledger.find(id);
    if (earlier !== null) return { ...earlier, ...present };
    const now = new Date().toISOString();
    warn(
      `"${model}" is deployed at endpoint "${endpoint}", for about ${dollars(usdPerHour)} an hour until the run ends or stops.`,
    );
    return { ...present, created: now, paidUntil: now };
  }

  /** Of one that a dead process left up, the time since then counts, as far as the service kept it up. */
  #hold(entry: DeploymentEntry, isShared: boolean): void {
    const { ledger, hosting } = this.#options;
    const longest = Date.now() - hosting.idleMinutes * minute;
    const paidUntil = isShared ? Date.now() : Math.max(Date.parse(entry.paidUntil), longest);
    const usedAt = -Infinity;
    const { id } = entry;
    this.#held.set(id, {
      entry,
      lock: ledger.hold(id),
      isUnclear: false,
      usedAt,
      paidUntil,
      saving: Promise.resolve(),
    });
  }

  async #untilReady(held: Held, signal: AbortSignal): Promise<void> {
    const { trainer, endpoint, account } = this.#options;
    const { id, model } = held.entry;
    const deployments = this.#deployments();
    const { pollSeconds, stallSeconds } = timingOf(trainer);
    const began = performance.now();
    for (;;) {
      this.#chargeByMinute(held);
      account.checkCap();
      const state = await deployments.state(id, signal);
      if (state.phase === 'ready') return;
      if (state.phase === 'failed') {
        throw new EndpointRefused(
          `"${model}" could not be deployed at endpoint "${endpoint}": ${state.said}. It is trained and kept there; look at ` +
            `"deploy" of endpoints.${endpoint}.fineTune, then resume: nothing is trained again.`,
        );
      }
      if (state.phase !== 'changing') {
        held.isUnclear = true;
        await deployments.start(model, signal);
        held.isUnclear = false;
      }
      const seconds = (performance.now() - began) / 1000;
      if (seconds > stallSeconds) {
        throw new EndpointUnavailable(
          `The deployment ${id} of "${model}" at endpoint "${endpoint}" is not ready after ${minutesOf(seconds)}, and is ` +
            'stopped. `bettertogether resume` starts it again and trains nothing; "stallMinutes" says how long to wait.',
        );
      }
      await sleep(pollSeconds * 1000, signal);
    }
  }

  #chargeByMinute(held: Held): void {
    if (Date.now() - held.paidUntil >= minute) this.#charge(held);
  }

  /** @param isUp whether there is more to come, so that it is written down up to when it is paid for. Default: it is. */
  #charge(held: Held, isUp = true): void {
    const { account, ledger, hosting } = this.#options;
    const now = Date.now();
    const key = `deployment ${held.entry.id} since ${new Date(held.paidUntil).toISOString()}`;
    account.charge(key, (Math.max(0, now - held.paidUntil) / (60 * minute)) * hosting.usdPerHour);
    held.paidUntil = now;
    if (!isUp) return;
    held.entry = { ...held.entry, paidUntil: new Date(now).toISOString() };
    held.saving = held.saving.then(() => ledger.put(held.entry)).catch(() => undefined);
  }
}

/** Whether both deploy at one address with one key, so that what one left up the other may stop. */
function isSameService(a: ResolvedTrainer, b: ResolvedTrainer): boolean {
  const placeOf = (trainer: ResolvedTrainer) =>
    JSON.stringify(['baseURL', 'apiKeyEnv', 'account', 'kind'].map((key) => (trainer as Record<string, unknown>)[key]));
  return placeOf(a) === placeOf(b);
}
