/** The keys of a body that a service does not know, as it names the first of them in a refusal. */
export function unknownKeys(body: object, known: readonly string[]): readonly string[] {
  return Object.keys(body).filter((key) => !known.includes(key));
}
