import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'vitest';
import { writeSampleRun } from '../fakes/sampleRun.ts';
import { axe } from './axe.ts';
import { buildPage, openPage, startBrowser } from './page.ts';

it('pictures', async () => {
  const workspace = mkdtempSync(join(tmpdir(), 'bt-tmp-'));
  const run = await writeSampleRun({ workspace, partly: true });
  const [browser, bundle] = await Promise.all([startBrowser(), buildPage()]);
  for (const theme of ['light', 'dark'] as const) {
    const open = await openPage(browser, run, { bundle, theme });
    const { page } = open;
    const shot = (name: string) => page.screenshot({ path: `/tmp/rows-${name}-${theme}.png` });
    await page.getByRole('tab', { name: 'Examples' }).click();
    await page.locator('.score .given').first().waitFor();
    await shot('examples');
    console.log(await axe(page));
    await page.locator('details.confusion > summary').click();
    await page.locator('.matrix button').first().waitFor();
    await shot('confusion');
    console.log(await axe(page));
    await page.locator('.matrix button').nth(3).click();
    await page.locator('.rows-body [role=row]').nth(1).locator('.score').nth(2).click();
    await page.locator('.turn.completion').first().waitFor();
    await shot('beside');
    console.log(await axe(page));
    await page.setViewportSize({ width: 480, height: 800 });
    await shot('narrow');
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.getByRole('tab', { name: 'Traces' }).click();
    await page.locator('.rows-body [role=row] .number').first().waitFor();
    await page.locator('.rows-body [role=row]').nth(5).click();
    await page.waitForTimeout(300);
    await shot('traces');
    console.log(await axe(page), open.offences);
    await open.close();
  }
  await browser.close();
}, 120_000);
