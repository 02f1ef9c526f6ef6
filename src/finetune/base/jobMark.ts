/** How a job carries its content hash where a service lets jobs be named. */

/** OpenAI allows 64 characters, Together 40; 16 of the hash are plenty among one account's jobs. */
export function suffixOf(hash: string): string {
  return `bt-${hash.slice(0, 16)}`;
}
