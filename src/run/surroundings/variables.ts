/** Environment variables by a seal of their values: neither a value nor what it could be guessed from is written down. */
import type { Seal } from '../../home/seal.ts';

/**
 * Variables that libraries look at for how a terminal shows text, where programs and temporary files are, and how a
 * network is reached. They change from one window to the next, and no score depends on them.
 */
const ofTheTerminal = new Set(
  [
    ...['PATH', 'TERM', 'COLORTERM', 'COLUMNS', 'LINES', 'NO_COLOR', 'FORCE_COLOR', 'CLICOLOR', 'CLICOLOR_FORCE'],
    ...['TMPDIR', 'TEMP', 'TMP', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'FTP_PROXY'],
  ].flatMap((name) => [name, name.toLowerCase(), name === 'PATH' ? 'Path' : name]),
);

/** More of the kind that count where they are asked for by name, but not where all variables are looked through. */
const ofTheSession =
  /^(?:_|PWD|OLDPWD|SHLVL|SHELL|DISPLAY|WAYLAND_DISPLAY|WINDOWID|INVOCATION_ID|JOURNAL_STREAM|STY|TMUX\w*|WT_SESSION|WT_PROFILE_ID|DBUS_SESSION_BUS_ADDRESS|ELECTRON_RUN_AS_NODE|VIRTUAL_ENV(?:_PROMPT)?|(?:TERM_(?:PROGRAM|SESSION)|VSCODE|SSH|XDG|GNOME|GIT_ASKPASS|npm|ITERM|VITEST)\w*)$/;

/** What a variable holds, sealed; the same text for all that are of the terminal. */
export function variableFingerprint(name: string, env: NodeJS.ProcessEnv, seal: Seal): string {
  if (ofTheTerminal.has(name)) return 'of the terminal';
  const value = env[name];
  return value === undefined ? 'nothing' : seal.of('variable', name, value);
}

/** All variables but those of the terminal and the session, sealed. */
export function environmentFingerprint(env: NodeJS.ProcessEnv, seal: Seal): string {
  const names = Object.keys(env).filter((name) => !ofTheTerminal.has(name) && !ofTheSession.test(name));
  return seal.of('variable', ...names.sort().flatMap((name) => [name, env[name] ?? '']));
}
