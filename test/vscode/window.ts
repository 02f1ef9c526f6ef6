import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import type { CodeServer } from './codeServer.ts';
import { Workbench } from './workbench.ts';

/** A window on a folder, with a file of it open. */
export async function openWindow(
  browser: Browser,
  server: CodeServer,
  folder: string,
  file?: string,
): Promise<Workbench> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  // A machine that has much else to do takes its time for a whole editor.
  page.setDefaultTimeout(60_000);
  const workbench = new Workbench(page);
  await workbench.open(server.url(folder, file));
  return workbench;
}

/** What the extension wrote to its log channel. */
export function logOf({ logs }: CodeServer): string {
  const files = readdirSync(logs, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('BetterTogether.log'),
  );
  return files.map((name) => readFileSync(join(logs, name), 'utf8')).join('\n');
}

/** Events of the only run, or of the latest; '' before there are any. */
export function eventsOf(folder: string): string {
  const runs = join(folder, '.bettertogether', 'runs');
  const latest = existsSync(runs) ? readdirSync(runs).toSorted().at(-1) : undefined;
  const events = join(runs, latest ?? '', 'events.jsonl');
  return existsSync(events) ? readFileSync(events, 'utf8') : '';
}
