/** What was paid for in a run: the same in the trace of a program run and in the costs of all. Pure. */

/**
 * Of a program run that was recalled as a whole nothing was paid here, whatever its requests cost when they were made.
 *
 * @param recalled whether the memo answered the program run as a whole.
 */
export const isPaid = ({ cached }: { readonly cached: boolean }, recalled: boolean): boolean => !cached && !recalled;
