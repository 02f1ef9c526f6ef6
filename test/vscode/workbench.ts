/** What a person does in the window, for tests. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';

const shots = fileURLToPath(new URL('../../test-results/screenshots', import.meta.url));

export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url, { waitUntil: 'domcontentloaded' });
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
  }

  /** Lenses of the open editor. */
  lens(text: string | RegExp): Locator {
    return this.page.locator('.codelens-decoration').getByText(text);
  }

  /** Clicks a lens until what it does is seen: VS Code loses a click while it draws lenses anew. */
  async clickLens(text: string, seen: Locator): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await this.lens(text).hover();
      await this.page.waitForTimeout(300);
      await this.lens(text).click();
      const shown = await seen.waitFor({ timeout: 6000 }).then(
        () => true,
        () => false,
      );
      if (shown) return;
      if (attempt === 4) throw new Error(`The lens "${text}" was clicked four times and nothing came of it.`);
    }
  }

  async lenses(): Promise<readonly string[]> {
    return this.page.locator('.codelens-decoration').allInnerTexts();
  }

  /** Chooses the row whose label this is. Clicked, because Enter can be faster than the filter. */
  async pick(label: string | RegExp): Promise<void> {
    const row = this.page
      .locator('.quick-input-widget:visible .quick-input-list .monaco-list-row')
      .filter({ hasText: label })
      .first();
    await row.waitFor({ timeout: 60_000 });
    await row.click();
  }

  /** Rows of the quick pick that is open. */
  async choices(): Promise<readonly string[]> {
    const rows = this.page.locator('.quick-input-widget:visible .quick-input-list .monaco-list-row');
    await rows.first().waitFor({ timeout: 15_000 });
    return rows.allInnerTexts();
  }

  /** Commands that the palette offers for a text. */
  async palette(text: string): Promise<readonly string[]> {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget:visible input');
    await input.waitFor();
    await input.fill(`>${text}`);
    await this.page.waitForTimeout(500);
    const labels = await this.page.locator('.quick-input-widget:visible .quick-input-list .label-name').allInnerTexts();
    await this.page.keyboard.press('Escape');
    return labels;
  }

  async run(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget:visible input');
    await input.waitFor();
    await input.fill(`>${title}`);
    await this.pick(title);
  }

  treeItem(name: string | RegExp): Locator {
    return this.page.getByRole('treeitem', { name });
  }

  notification(text: string | RegExp): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item').filter({ hasText: text }).first();
  }

  async showView(): Promise<void> {
    // A click on the icon of the view that is there closes it.
    const title = this.page.locator('.part.sidebar .composite.title').filter({ hasText: 'BetterTogether' });
    if (await title.isVisible()) return;
    await this.page.locator('.activitybar').getByRole('tab', { name: 'BetterTogether' }).click();
  }

  /** Kept under `test-results`, to be looked at. */
  async screenshot(name: string): Promise<void> {
    mkdirSync(shots, { recursive: true });
    await this.page.screenshot({ path: join(shots, `${name}.png`) });
  }

  async theme(name: string): Promise<void> {
    await this.run('Preferences: Color Theme');
    await this.page.waitForTimeout(500);
    await this.page.locator('.quick-input-widget:visible input').fill(name);
    await this.pick(new RegExp(`^${name}$`));
    await this.page.waitForTimeout(800);
  }
}
