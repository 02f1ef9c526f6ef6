/** As much of an answer's headers as is looked at. */
export interface HeaderReader {
  get(name: string): string | null;
}
