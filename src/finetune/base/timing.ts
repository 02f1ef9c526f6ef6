/** Minutes without news after which a job counts as stalled, where the configuration says nothing. */
const stallMinutesByDefault = 120;

/** How often a job is looked at, and after how many seconds without news it has stalled. */
export function timingOf(settings: { readonly pollSeconds: number; readonly stallMinutes?: number }): {
  readonly pollSeconds: number;
  readonly stallSeconds: number;
} {
  const { pollSeconds, stallMinutes = stallMinutesByDefault } = settings;
  return { pollSeconds, stallSeconds: stallMinutes * 60 };
}
