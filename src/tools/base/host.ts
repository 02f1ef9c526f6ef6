/** What tools are given by where they are offered: an editor with a person at it, or a server that has nobody to ask. */
import type { BudgetCaps, ResolvedProgram } from '../../config/resolved.ts';
import type { Found } from '../../detect/base/found.ts';
import type { RunToStart } from '../../editor/processes/startRun.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import type { Work } from '../../run/work/consequences.ts';
import type { PriceTokens } from './priceTokens.ts';

export interface ToolHost {
  /** Folders that programs and runs belong to, absolute; the first one is meant where none is named. */
  roots(): Promise<readonly string[]>;
  /** `dist/cli.js`. */
  readonly cli: string;
  /** Starts a run as this place starts all of its runs: in a process that outlives whoever asked for it. */
  start(wanted: RunToStart): Promise<RunLocation>;
  /** Of processes that work on a program: with its keys and its Python. */
  environment(root: string, config: ResolvedProgram): Promise<NodeJS.ProcessEnv>;
  /** Looks for programs in the sources of a folder; runs nothing. */
  find(root: string): Promise<Found>;
  readonly permissions: Permissions;
  readonly prices: PriceTokens;
  /** A run was asked to stop. */
  changed(run: RunLocation): Promise<void>;
  /** How a person does in this place what a tool may not. */
  readonly words: HostWords;
}

export interface HostWords {
  /** Makes a run that came with the folder one's own. */
  takeOver(run: string): string;
  /** Goes on with a run that stopped. */
  resume(run: string): string;
}

export interface Wish {
  readonly root: string;
  readonly config: ResolvedProgram;
  readonly work: Work;
}

/** Who says whether the code of a workspace is run, its rows and keys are sent, and money is spent. */
export interface Permissions {
  /** Of tools that do more than read. @throws HumanError saying what a person has to do first. */
  mayAct(): void;
  /** @throws HumanError where the run is not for an agent to stop. */
  mayStop(root: string, program: string, run: string): Promise<void>;
  /** @throws HumanError saying what a person has to do first. */
  ask(wish: Wish, signal: AbortSignal): Promise<Permission>;
  /** What may be spent on the program without asking, in a sentence. */
  tell(root: string, program: string): Promise<string>;
}

/** The units that a permission can cap. */
export interface Left {
  /** `null`: it does not cap calls, or dollars. */
  readonly calls: number | null;
  readonly usd: number | null;
}

export interface Permission {
  /** What was agreed to: see `agreementsOf`. */
  readonly agreements: readonly string[];
  readonly left: Left;
  /** Takes a part of it for work that is about to begin. @throws HumanError where less is left by now. */
  hold(caps: BudgetCaps): Promise<Hold>;
}

/** A part of a permission, for one piece of work. */
export interface Hold {
  /** The work is this run: its own account counts from now on. */
  isRun(run: string): Promise<void>;
  /** It is over, and came to this. */
  spent(spent: { readonly calls: number; readonly usd: number }): Promise<void>;
}
