import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { openMemo } from '../../../src/lm/memo.ts';
import type { Memo } from '../../../src/lm/memo.ts';

/** A memo in a folder of its own, anew for each test of a file, and what the test opened besides. */
export class MemoFolder {
  folder = '';
  memo!: Memo;
  /** Closed after the memo, the last first. */
  closing: (() => Promise<void>)[] = [];

  /** @param name begins the folder's. */
  constructor(name: string) {
    beforeEach(async () => {
      this.folder = mkdtempSync(join(tmpdir(), `${name}-`));
      this.memo = await openMemo(this.folder);
      this.closing = [];
    });
    afterEach(async () => {
      await this.memo.close();
      for (const close of this.closing.reverse()) await close();
      rmSync(this.folder, { recursive: true });
    });
  }
}
