/** Tools in the editor: a person is at it, who is asked as the wizard asks them, in their language. */
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { join } from 'node:path';
import { knowConfiguredKeys } from '../../config/configuredKeys.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { createFinder } from '../../editor/finder.ts';
import type { Permissions, ToolHost } from '../../tools/base/host.ts';
import { PriceTokens } from '../../tools/base/priceTokens.ts';
import { forPerson } from '../base/language.ts';
import { requireTrust } from '../base/trust.ts';
import { keyEnvironment } from '../keys/askApiKey.ts';
import { prepareEmbedded } from '../processes/embeddedModel.ts';
import type { Session } from '../session/session.ts';

export function editorHost(session: Session): ToolHost {
  const finder = createFinder(join(session.context.extensionPath, 'dist'));
  return {
    roots: async () => {
      await forPerson(() => session.roots.refresh());
      for (const { loaded } of session.roots.all) knowConfiguredKeys(loaded.config, process.env);
      return session.roots.all.map(({ folder }) => folder);
    },
    cli: session.cli,
    environment: async (root: string, config: ResolvedProgram) =>
      session.environment(root, await forPerson(() => keyEnvironment(session.keys, config))),
    start: (wanted) => session.starter.start(wanted, { keepsUnbegun: true }),
    find: (root) => finder.scan(root),
    permissions: editorPermissions(session),
    prices: new PriceTokens(),
    changed: () => forPerson(() => session.runs.refresh()),
    words: {
      takeOver: () => 'The person can take it over with the command "BetterTogether: Take Over Runs".',
      resume: () => 'The person can go on with it with the command "BetterTogether: Resume Run".',
    },
  };
}

/** What may be spent is in the question before each call (`questionOf`), and where data goes is asked once for each host and key. */
function editorPermissions(session: Session): Permissions {
  return {
    mayAct: () => requireTrust(l10n.t('This tool')),
    mayStop: () => Promise.resolve(),
    ask: async ({ config, work }) => {
      requireTrust(l10n.t('This tool'));
      const agreements = await forPerson(() => session.consents.ask(config, work));
      await prepareEmbedded(session, config);
      const nothing = (): Promise<void> => Promise.resolve();
      return {
        agreements,
        left: { calls: null, usd: null },
        hold: () => Promise.resolve({ isRun: nothing, spent: nothing }),
      };
    },
    tell: () =>
      Promise.resolve(
        vscode.workspace.isTrusted
          ? 'the person is asked before each run, with its price and cap'
          : 'nothing: the workspace is not trusted, so only tools that read answer',
      ),
  };
}
