/** The look at a page by which the other tests judge it: that it sees what is too pale. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { axe } from './axe.ts';
import { startBrowser } from './page.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
});

async function found(body: string): Promise<string[]> {
  const page = await browser.newPage();
  try {
    await page.setContent(`<!doctype html><html lang="en"><title>t</title><main><h1>Title</h1>${body}</main></html>`);
    return await axe(page);
  } finally {
    await page.close();
  }
}

/** The text begins behind something that is not around it. */
const behind = (style: string): string => `<div style="position: relative"><p style="${style}">a text</p>
  <b style="position: absolute; left: 0; top: 0; width: 20px; height: 40px; background: #fff"></b></div>`;

it.each([
  ['a sign', (color: string) => `<p style="color: ${color}">✓</p>`, 2.85],
  ['one letter', (color: string) => `<p style="color: ${color}">A</p>`, 2.85],
  ['a text half behind something', (color: string) => behind(`color: ${color}`), 2.85],
  ['a sign that is half transparent', (color: string) => `<p style="color: ${color}; opacity: 0.8">✓</p>`, 2.23],
  [
    'a sign on grounds that shine through',
    (color: string) => `<div style="background: #ccc"><p style="color: ${color}; background: #fff8">✓</p></div>`,
    2.31,
  ],
  [
    'a word in a drawing',
    (color: string) => `<svg width="90" height="20"><text y="15" fill="${color}">word</text></svg>`,
    2.85,
  ],
])('measures %s', async (_, drawn, ratio) => {
  expect(await found(drawn('#999'))).toEqual([expect.stringContaining(`has a contrast of ${ratio}, not 4.5`)]);
  expect(await found(drawn('#222'))).toEqual([]);
});

it('says of a text on a picture that it cannot be measured', async () => {
  const body = '<p style="color: #000; background-image: linear-gradient(#fff, #000)">on a picture</p>';
  expect(await found(body)).toEqual([expect.stringContaining('its contrast cannot be measured')]);
});

it('asks less of large text', async () => {
  expect(await found('<p style="color: #888; font-size: 24px">✓</p>')).toEqual([]);
  expect(await found('<p style="color: #888; font-size: 23px">✓</p>')).toHaveLength(1);
});
