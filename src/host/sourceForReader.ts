/** A program's code, fit to be shown to an LM. */
import { withoutKeys } from '../base/keys.ts';
import { sourceCharactersAtMost } from '../base/limits.ts';

/** Without keys, those too that stand in the code itself, and only then cut, so that no half of one is left. */
export function sourceForReader(source: string): string {
  return withoutKeys(source)
    .replace(writtenKey, '$1$2***$2')
    .replace(serviceKey, '***')
    .slice(0, sourceCharactersAtMost)
    .replace(/[\ud800-\udbff]$/, '');
}

/** `api_key='…'`, `"apiKey": "…"`, `token: str = "…"`: a name of a key, and a text that is given to it. */
const writtenKey =
  /((?:api_?key|access_?key|secret|password|(?<!\p{L})token|auth_?token)(?!s\b)\w{0,40}["']?(?:\s{0,9}:\s{0,9}\w{1,40})?\s{0,9}[:=]\s{0,9})(["'`])[^"'`\n]+\2/giu;

/** Keys that say by their beginning whose they are: `sk-…`, `hf_…`, `ghp_…`, `AKIA…`. */
const serviceKey = /\b(?:sk-|hf_|gh[a-z]_|gsk_|xox[a-z]-|AKIA|AIza)[\w-]{16,}/g;
