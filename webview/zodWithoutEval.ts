/**
 * Imported before anything that makes a schema: zod would otherwise try whether it may compile its parsers (`new
 * Function`), which the page's security policy forbids and reports.
 */
import * as z from 'zod';

z.config({ jitless: true });
