/** Where the program's code goes, in a sentence; none where it stays on this machine. */
export function codeSentences(codeTo: readonly string[]): readonly string[] {
  return codeTo.length === 0 ? [] : [`Steps that reflect send the program's code to ${codeTo.join(' and ')}.`];
}
