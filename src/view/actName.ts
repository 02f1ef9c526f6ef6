/** What the buttons of a run's page are called. */
import * as l10n from '../base/l10n.ts';

export const actName = l10n.texts({
  cancel: () => l10n.t('Cancel'),
  resume: () => l10n.t('Resume'),
  prompts: () => l10n.t('Prompts'),
  compare: () => l10n.t('Compare…'),
  report: () => l10n.t('Report…'),
  export: () => l10n.t('Export…'),
});
