import * as l10n from '../../base/l10n.ts';
import { editorPlace } from '../../data/editorEndpoint.ts';

/** What calls to the models of the editor cost, where some go there. @param hosts places that LMs are asked at. */
export function editorSentences(hosts: readonly string[]): readonly string[] {
  if (!hosts.includes(editorPlace)) return [];
  return [
    l10n.t(
      "Calls to models of VS Code count against their vendor's plan, not in dollars; caps of calls and tokens hold.",
    ),
  ];
}
