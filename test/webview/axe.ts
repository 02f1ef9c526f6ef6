import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { contrastFault } from './contrast.ts';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string; readonly element: Element }[];
}

/** What the page's world has for the time of a look. */
interface Looking {
  readonly axe: {
    run(
      root: Document,
      options: unknown,
    ): Promise<{ readonly violations: readonly Finding[]; readonly incomplete: readonly Finding[] }>;
  };
  readonly contrastFault: typeof contrastFault;
}

/**
 * What axe finds, and of texts whose contrast it does not tell what is measured here. Both are put into the page's world
 * past the policy that the page itself is under.
 */
export async function axe(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const expression = `${readFileSync(axeFile, 'utf8')}; window.contrastFault = ${contrastFault.toString()}; 0`;
  await session.send('Runtime.evaluate', { expression });
  return page.evaluate(async () => {
    const { axe, contrastFault: faultOf } = window as unknown as Looking;
    const options = { resultTypes: ['violations', 'incomplete'], elementRef: true };
    const { violations, incomplete } = await axe.run(document, options);
    const untold = incomplete.filter(({ id }) => id === 'color-contrast').flatMap(({ nodes }) => nodes);
    return [
      ...violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 300)} ${nodes[0]?.failureSummary}`),
      ...untold.map(({ element }) => faultOf(element)).filter((fault) => fault !== null),
    ];
  });
}
