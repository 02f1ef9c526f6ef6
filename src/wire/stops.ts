/** Where the first of the stop sequences begins in a text; `null` where none does. */
export function stopIn(text: string, stops: readonly string[]): number | null {
  const places = stops.map((stop) => text.indexOf(stop)).filter((place) => place >= 0);
  return places.length === 0 ? null : Math.min(...places);
}
