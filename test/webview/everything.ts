/** All that a page has to show, tab by tab: for tests that look at every text and every place. */
import type { Page } from 'playwright-core';

/** The tabs of a run's page, by the ids that they have in any language. */
export const tabs = ['run', 'program', 'examples', 'traces'] as const;
export type Tab = (typeof tabs)[number];

/** Unfolds what is folded, a step or a row at a time, and calls back with each picture that comes of it. */
export async function unfoldTab(page: Page, tab: Tab, look: () => Promise<void>): Promise<void> {
  await page.locator(`#tab-${tab}`).click();
  await unfold(page);
  await look();
  if (tab === 'run') {
    for (const card of await page.locator('.card-title').all()) {
      await card.click();
      await unfold(page);
      const rows = page.locator('.details vscode-button[aria-expanded=false]');
      if ((await rows.count()) > 0) await rows.first().click();
      await unfold(page);
      await look();
    }
  }
  if (tab === 'examples' || tab === 'traces') {
    await page.locator('.rows-body [role=row]').nth(1).click();
    await unfold(page);
    await look();
  }
}

/** Opens what can be folded out, until nothing more comes. */
export async function unfold(page: Page): Promise<void> {
  for (let closed = true; closed;) {
    await settled(page);
    closed = await page.evaluate(() => {
      const all = [...document.querySelectorAll<HTMLDetailsElement>('details:not([open])')];
      for (const details of all) details.open = true;
      return all.length > 0;
    });
  }
}

/** Until the page has stayed as it is for a moment. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        let waiting = setTimeout(done, 80);
        const observer = new MutationObserver(() => {
          clearTimeout(waiting);
          waiting = setTimeout(done, 80);
        });
        observer.observe(document.body, { childList: true, subtree: true, characterData: true });
        function done(): void {
          observer.disconnect();
          resolve();
        }
      }),
  );
}
