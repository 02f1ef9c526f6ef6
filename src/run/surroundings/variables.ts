/** Environment variables by a seal of their values: neither a value nor what it could be guessed from is written down. */
import type { Seal } from '../../home/seal.ts';

/**
 * Variables that libraries look at for how a terminal shows text, where programs and temporary files are, and how a
 * network is reached. They change from one window to the next, and no score depends on them.
 */
const ofTheTerminal = pattern([
  ...['PATH', 'Path', 'TERM', 'COLORTERM', 'COLUMNS', 'LINES', 'COLOR', 'NO_COLOR', 'FORCE_COLOR'],
  ...['CLICOLOR', 'CLICOLOR_FORCE', 'LS_COLORS', 'TERM_PROGRAM*', 'LC_TERMINAL*', 'VTE_VERSION', 'KITTY_*'],
  ...['TMPDIR', 'TEMP', 'TMP', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'FTP_PROXY'],
  ...['term', 'colorterm', 'columns', 'lines', 'no_color', 'force_color', 'clicolor', 'clicolor_force'],
  ...['tmpdir', 'temp', 'tmp', 'http_proxy', 'https_proxy', 'no_proxy', 'all_proxy', 'ftp_proxy'],
]);

/** More of the kind that count where they are asked for by name, but not where all variables are looked through. */
const ofTheSession = pattern([
  // The shell, and where it is.
  ...['_', 'PWD', 'OLDPWD', 'INIT_CWD', 'SHLVL', 'SHELL', 'ZDOTDIR', 'USER_ZDOTDIR', 'COMMAND_MODE'],
  ...['VIRTUAL_ENV', 'VIRTUAL_ENV_PROMPT', 'CONDA_PROMPT_MODIFIER', 'CONDA_SHLVL'],
  // The terminal.
  ...['TERM_SESSION*', 'TERMINAL_EMULATOR', 'ITERM*', 'WT_SESSION', 'WT_PROFILE_ID', 'WSL_INTEROP', 'STY', 'TMUX*'],
  ...['ALACRITTY_*', 'KONSOLE_*', 'WEZTERM_*', 'GPG_TTY', 'LESSOPEN', 'LESSCLOSE'],
  // What shows and edits text.
  ...['EDITOR', 'VISUAL', 'PAGER', 'GIT_EDITOR', 'GIT_PAGER', 'GIT_ASKPASS*'],
  // The login and its desktop.
  ...['DISPLAY', 'WAYLAND_DISPLAY', 'WINDOWID', 'XAUTHORITY', 'DBUS_SESSION_BUS_ADDRESS', 'SSH*', 'XDG*', 'GNOME*'],
  ...['SESSION_MANAGER', 'DESKTOP_SESSION', 'GDMSESSION', 'CHROME_DESKTOP', 'ORIGINAL_XDG_CURRENT_DESKTOP'],
  ...['GIO_LAUNCHED_DESKTOP_FILE*', 'SYSTEMD_EXEC_PID', 'MANAGERPID', 'INVOCATION_ID', 'JOURNAL_STREAM'],
  ...['SECURITYSESSIONID', 'LaunchInstanceID', '__CF*', 'XPC_*', 'MallocNanoZone'],
  // The editor, and what starts a program.
  ...['VSCODE*', 'BUNDLED_DEBUGPY_PATH', 'ELECTRON_RUN_AS_NODE', 'NODE', 'NODE_OPTIONS', 'npm*', 'VITEST*'],
  'BETTERTOGETHER_*',
]);

/** @param names of variables; `*` at the end of one stands for any ending. */
function pattern(names: readonly string[]): RegExp {
  return new RegExp(`^(?:${names.map((name) => name.replace('*', '\\w*')).join('|')})$`);
}

/** What a variable holds, sealed; the same text for all that are of the terminal. */
export function variableFingerprint(name: string, env: NodeJS.ProcessEnv, seal: Seal): string {
  if (ofTheTerminal.test(name)) return 'of the terminal';
  const value = env[name];
  return value === undefined ? 'nothing' : seal.of('variable', name, value);
}

/** All variables but those of the terminal and the session, sealed. */
export function environmentFingerprint(env: NodeJS.ProcessEnv, seal: Seal): string {
  const names = Object.keys(env).filter((name) => !ofTheTerminal.test(name) && !ofTheSession.test(name));
  return seal.of('variable', ...names.sort().flatMap((name) => [name, env[name] ?? '']));
}
