/** Environment variables by a seal of their values: neither a value nor what it could be guessed from is written down. */
import type { Seal } from '../../home/seal.ts';

/**
 * Variables that say which terminal or session a command was typed in, where programs are found and how a network is
 * reached: they change from one window to the next, and no score depends on them.
 */
const ofTheSession =
  /^(?:_|PATH|PWD|OLDPWD|SHLVL|SHELL|TERM|TERMINFO|COLORTERM|COLUMNS|LINES|NO_COLOR|FORCE_COLOR|CLICOLOR\w*|DISPLAY|WAYLAND_DISPLAY|WINDOWID|INVOCATION_ID|JOURNAL_STREAM|TMPDIR|TEMP|TMP|PYTHONUNBUFFERED|PYTHONDONTWRITEBYTECODE|VIRTUAL_ENV\w*|(?:TERM|VSCODE|SSH|XDG|DBUS|GNOME|GIT|npm|INIT|TMUX|STY|WT|ITERM|ELECTRON|CHROME|VITEST|BETTERTOGETHER)_\w*|TMUX|(?:HTTP|HTTPS|NO|ALL|FTP)_PROXY)$/i;

/** What a variable holds, sealed; the same text for all that are of the session. */
export function variableFingerprint(name: string, env: NodeJS.ProcessEnv, seal: Seal): string {
  const value = env[name];
  if (ofTheSession.test(name)) return 'of the session';
  return value === undefined ? 'nothing' : seal.of('variable', name, value);
}

/** All variables but those of the session, sealed. */
export function environmentFingerprint(env: NodeJS.ProcessEnv, seal: Seal): string {
  const names = Object.keys(env).filter((name) => !ofTheSession.test(name));
  return seal.of('variable', ...names.sort().flatMap((name) => [name, env[name] ?? '']));
}
