import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

/** Not typed: a script of the repository. */
const script = new URL('../../scripts/chromium.mjs', import.meta.url).href;

/** @throws Error saying how to get a Chromium; a test is never skipped for want of it. */
export async function launchBrowser(): Promise<Browser> {
  const { findChromium } = (await import(script)) as { findChromium(): string | null };
  const executablePath = findChromium();
  if (executablePath === null) {
    throw new Error(
      'The VS Code tests need a Chromium: `apt-get install chromium-headless-shell` as root, ' +
        '`npx playwright-core install chromium`, or its path in CHROMIUM.',
    );
  }
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
  return await chromium.launch({ executablePath, headless: true, args });
}
