/**
 * Program runs that were under way when a host died. Which of them killed it is found by trying them again in ever
 * smaller groups: a group that survives is innocent, one that dies is halved, and a run that dies alone did it. So
 * hundreds of innocent runs take a handful of tries, not one each.
 */
export class Suspects<T> {
  private readonly groups: (readonly T[])[] = [];

  get size(): number {
    return this.groups.reduce((sum, group) => sum + group.length, 0);
  }

  /** The next group to try alone; empty when there is none. */
  next(): readonly T[] {
    return this.groups.shift() ?? [];
  }

  /**
   * Those of a group that were not finished when the host died.
   *
   * @param alone true when the host was running nothing but a group from here.
   * @returns the run that is to blame, if that is certain now.
   */
  died(group: readonly T[], alone: boolean): T | undefined {
    if (group.length === 0) return undefined;
    if (group.length === 1) {
      if (alone) return group[0];
      this.groups.unshift(group);
      return undefined;
    }
    const half = Math.ceil(group.length / 2);
    this.groups.unshift(group.slice(0, half), group.slice(half));
    return undefined;
  }

  /** Puts runs back that are innocent of the last death: somebody else was named. */
  acquitted(group: readonly T[]): void {
    if (group.length > 0) this.groups.unshift(group);
  }

  /** Takes out all that are left. */
  drain(): readonly T[] {
    return this.groups.splice(0).flat();
  }
}
