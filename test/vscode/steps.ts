import { afterEach, beforeEach } from 'vitest';
import type { CodeServer } from './codeServer.ts';
import { logOf } from './window.ts';
import type { Workbench } from './workbench.ts';

/** Each test of the file needs those before it: after one that failed the others fail at once. */
export function stepsOf(now: () => { readonly window: Workbench; readonly server: CodeServer }): void {
  let failed: string | null = null;
  beforeEach(() => {
    if (failed !== null) throw new Error(`"${failed}" failed, and this step needs it.`);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail' || failed !== null) return;
    failed = task.name;
    const { window, server } = now();
    await window.screenshot(`failed ${task.name.slice(0, 60)}`);
    console.error(logOf(server));
  });
}
