/** The texts with how often each is there, the most frequent first; of equals, the one that came first. */
export function mostFrequent(texts: Iterable<string>): (readonly [text: string, times: number])[] {
  const times = new Map<string, number>();
  for (const text of texts) times.set(text, (times.get(text) ?? 0) + 1);
  return [...times].sort(([, a], [, b]) => b - a);
}
