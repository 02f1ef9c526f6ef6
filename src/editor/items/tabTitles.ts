/** Titles of open tabs, of which no two are the same. Pure. */
export class TabTitles {
  readonly #titles = new Map<string, string>();

  /**
   * The title of a tab: the first of the parts, and of the others as many as tell it from the tabs that are open.
   *
   * @param key of the tab, which may have a title already.
   */
  give(key: string, [first, ...others]: readonly [string, ...string[]]): string {
    this.#titles.delete(key);
    const taken = new Set(this.#titles.values());
    const longer = others.map((_, i) => [first, ...others.slice(0, i + 1)].join(', '));
    const title = [first, ...longer].find((each) => !taken.has(each)) ?? longer.at(-1) ?? first;
    this.#titles.set(key, title);
    return title;
  }

  forget(key: string): void {
    this.#titles.delete(key);
  }
}
