/** The strings of the editor's language, as the host wrote them into the page. Imported before all else: see there. */
import * as l10n from '../src/base/l10n.ts';
import * as z from 'zod';

const strings = document.querySelector<HTMLElement>('#app')?.dataset['strings'];
if (strings !== undefined) l10n.config({ contents: z.record(z.string(), z.string()).parse(JSON.parse(strings)) });
