/** `HF_TOKEN`, `WANDB_API_KEY`, `dbPassword`; not `TOKENIZERS_PARALLELISM`, `MAX_TOKENS` or `SSH_KEY_FILE`, a path. */
const secret = /(^|[_-])(api|auth|access)?(key|token)([_-]|$)|secret|passw(or)?d|passphrase/i;
const path = /_(file|path|dir)$/i;

/** Those of the variables whose names say that they hold a secret; one that is set to nothing holds none. */
export function secretsAmong(variables: unknown): readonly string[] {
  if (typeof variables !== 'object' || variables === null) return [];
  return Object.entries(variables).flatMap(([name, value]) =>
    value !== '' && secret.test(name) && !path.test(name) ? [name] : [],
  );
}
