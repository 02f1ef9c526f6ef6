/** What a person does in the window, for tests. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FrameLocator, Locator, Page } from 'playwright-core';

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

  /**
   * Clicks a lens once: what it does has to come of that. An editor that loses the focus before VS Code has come for its
   * lenses shows them out of its cache, as text and no links, until it has the focus again; who clicks gives it the focus.
   */
  async clickLens(text: string, seen: Locator): Promise<void> {
    await this.page.locator('.editor-instance .view-line').first().click();
    // It then comes for them all anew, and a click on one that is about to be replaced does nothing.
    await this.page.waitForTimeout(1500);
    await this.page.locator('.codelens-decoration a', { hasText: text }).click();
    await seen.waitFor();
  }

  /** Poll it: the editor draws them anew whenever VS Code has come for them again, empty at first. */
  async lenses(): Promise<readonly string[]> {
    return this.page.locator('.codelens-decoration').allInnerTexts();
  }

  /** Chooses the row whose label this is. Clicked, because Enter can be faster than the filter. */
  async pick(label: string | RegExp, timeout = 60_000): Promise<void> {
    const row = this.page
      .locator('.quick-input-widget:visible .quick-input-list .monaco-list-row')
      .filter({ hasText: label })
      .first();
    await row.waitFor({ timeout });
    await row.click();
  }

  /** The question that is open, by what its title, its message or its placeholder says. */
  question(text: string): Locator {
    const open = this.page.locator('.quick-input-widget:visible');
    const placeholder = this.page.locator(`input[placeholder*="${text}"]`);
    return open.filter({ hasText: text }).or(open.filter({ has: placeholder }));
  }

  /** Types the answer to a question that wants text. */
  async answer(question: string, text: string): Promise<void> {
    const box = this.question(question);
    await box.waitFor();
    await box.locator('input').fill(text);
    await this.page.waitForTimeout(200);
    await this.page.keyboard.press('Enter');
    await box.waitFor({ state: 'hidden' });
  }

  /**
   * Takes what is chosen in a question. Pressed in its own box: a notification that is still closing takes the focus away
   * from a question that its button has opened.
   */
  async take(question: string): Promise<void> {
    const box = this.question(question);
    await box.locator('.quick-input-box input').press('Enter');
    await box.waitFor({ state: 'hidden' });
  }

  /**
   * Saves a file under the name that its dialog proposes. The question before it can have its title, but no path as its
   * answer; and the dialog takes no answer before it has read the folder.
   */
  async takeProposed(title: string): Promise<void> {
    const dialog = this.question(title);
    const path = dialog.locator('.quick-input-box input');
    for (let looks = 0; !((await dialog.isVisible()) && (await path.inputValue()).startsWith('/')); looks++) {
      if (looks > 600) throw new Error(`The dialog "${title}" does not open.`);
      await this.page.waitForTimeout(100);
    }
    for (let attempt = 1; await dialog.isVisible(); attempt++) {
      if (attempt > 60) throw new Error(`The dialog "${title}" does not take the name that it proposes.`);
      await this.page.keyboard.press('Enter');
      await this.page.waitForTimeout(1000);
    }
  }

  /** Chooses an entry of an item's context menu. A menu takes no click in its first moments, and stays open until it takes one. */
  async chooseFromMenu(item: Locator, entry: string): Promise<void> {
    const menu = this.page.locator('.monaco-menu');
    await item.click({ button: 'right' });
    await menu.getByText(entry).waitFor();
    for (let attempt = 1; ; attempt++) {
      await this.page.waitForTimeout(500);
      await menu.getByText(entry).click();
      try {
        await menu.waitFor({ state: 'hidden', timeout: 3000 });
        return;
      } catch (error) {
        if (attempt === 5) throw error;
      }
    }
  }

  /** The dialog that stands over everything. */
  dialog(text: string | RegExp): Locator {
    return this.page.locator('.monaco-dialog-box').filter({ hasText: text });
  }

  async inDialog(text: string | RegExp, button: string): Promise<void> {
    const dialog = this.dialog(text);
    await dialog.getByRole('button', { name: button, exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
  }

  async closeNotifications(): Promise<void> {
    await this.run('Notifications: Clear All Notifications');
    await this.page.locator('.quick-input-widget:visible').waitFor({ state: 'hidden' });
    await this.page.waitForTimeout(300);
  }

  /** Rows of the quick pick that is open. */
  async choices(): Promise<readonly string[]> {
    const rows = this.page.locator('.quick-input-widget:visible .quick-input-list .monaco-list-row');
    await rows.first().waitFor({ timeout: 15_000 });
    return rows.allInnerTexts();
  }

  /** Whether the palette offers a command of ours. Asked by its whole name: of a long list only a part is in the page. */
  async offers(command: string): Promise<boolean> {
    const title = `BetterTogether: ${command}`;
    return (await this.#palette(title)).includes(title);
  }

  /** What a command gives to choose from, now. */
  async offered(title: string): Promise<readonly string[]> {
    await this.run(title);
    await this.page.waitForTimeout(1000);
    const rows = await this.choices();
    await this.page.keyboard.press('Escape');
    return rows;
  }

  async #palette(text: string): Promise<readonly string[]> {
    await this.#openPalette(text);
    await this.page.waitForTimeout(500);
    const labels = await this.page.locator('.quick-input-widget:visible .quick-input-list .label-name').allInnerTexts();
    await this.page.keyboard.press('Escape');
    return labels;
  }

  /**
   * Runs a command of the palette. A palette lists the commands that were there when it was opened, and VS Code brings
   * some of its own only once the window has long been up: then it is opened anew.
   */
  async run(title: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await this.#openPalette(title);
      try {
        await this.pick(title, attempt === 4 ? 60_000 : 10_000);
        return;
      } catch (error) {
        if (attempt === 4) throw error;
        await this.page.keyboard.press('Escape');
      }
    }
  }

  /** A palette that is still closing takes the new one with it: then it is opened once more. */
  async #openPalette(text: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget:visible .quick-input-box input');
    for (let attempt = 1; ; attempt++) {
      await this.page.keyboard.press('F1');
      try {
        await input.fill(`>${text}`, { timeout: 8000 });
        return;
      } catch (error) {
        if (attempt === 3) throw error;
      }
    }
  }

  /** The page of the panel in front. */
  webview(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
  }

  /** A button of the head of a run's page. */
  act(name: string): Locator {
    return this.webview().locator('.acts').getByRole('button', { name, exact: true });
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
    await this.page.locator('.quick-input-widget:visible .quick-input-box input').fill(name);
    // By its label alone: a row that is chosen has a button beside it.
    await this.page.locator('.quick-input-widget:visible .label-name', { hasText: new RegExp(`^${name}$`) }).click();
    await this.page.waitForTimeout(800);
  }
}
