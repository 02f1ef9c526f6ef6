/** Which key goes where, in sentences: every variable, with every host. */
import * as l10n from '../../base/l10n.ts';
import type { KeyUse } from '../work/consequences.ts';
import { anded } from './anded.ts';

/** `The key in LAB_KEY is sent to gpu-box:8000 and train.example.` */
export function keySentences(keys: readonly KeyUse[]): readonly string[] {
  return variablesOf(keys).map((env) => l10n.t`The key in ${env} is sent to ${hostsOf(keys, env)}.`);
}

/** The same of those that are sent where the program asks there. */
export function serviceKeySentences(keys: readonly KeyUse[]): readonly string[] {
  return variablesOf(keys).map(
    (env) => l10n.t`The key in ${env} is sent to ${hostsOf(keys, env)} where the program asks there.`,
  );
}

function variablesOf(keys: readonly KeyUse[]): readonly string[] {
  return [...new Set(keys.map(({ env }) => env))];
}

function hostsOf(keys: readonly KeyUse[], variable: string): string {
  const own = keys.filter(({ env }) => env === variable);
  return anded(own.map(({ host, isLocal }) => (isLocal ? l10n.t`${host} on this machine` : host)));
}
