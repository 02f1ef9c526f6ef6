import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * A Chromium: `BETTERTOGETHER_CHROMIUM`, the system's, or the one Playwright downloaded.
 *
 * @throws Error saying how to get one; a test is never skipped for want of it.
 */
export function launchBrowser(): Promise<Browser> {
  const named = process.env['BETTERTOGETHER_CHROMIUM'];
  const found = [...(named === undefined ? [] : [named]), ...usual, chromium.executablePath()].find(existsSync);
  if (found === undefined) {
    throw new Error(
      'The VS Code tests need a Chromium: `apt-get install chromium` as root, `npx playwright-core install chromium`, ' +
        'or its path in BETTERTOGETHER_CHROMIUM.',
    );
  }
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
  return chromium.launch({ executablePath: found, headless: true, args });
}
