import type { Page } from 'playwright-core';

/** What sticks out of the page, but for what scrolls by itself. */
export function tooWide(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const scrolls = (element: Element): boolean => {
      const table = element.closest('.wide, .rows, .scroll');
      return table !== null && getComputedStyle(table).overflowX === 'auto';
    };
    const out = [...document.querySelectorAll('main *')].filter((element) => {
      const { right, width } = element.getBoundingClientRect();
      return width > 0 && right > innerWidth + 1 && !scrolls(element);
    });
    return [...new Set(out.map((element) => `${element.tagName}.${element.className}`))];
  });
}
