import type { RunItem } from '../../src/editor/items/runItem.ts';
import type { ListedRuns } from '../../src/page/runTableSource.ts';
import { runItem } from '../unit/editor/samples.ts';
import { runWithGains, wholeRun } from '../unit/run/samples.ts';

/** A run of a program in a folder, begun so many minutes after the first. */
export function tableRun(
  id: string,
  wishes: Partial<Pick<RunItem, 'root' | 'status' | 'label' | 'madeHere'>> & {
    readonly program?: string;
    readonly seed?: number;
    readonly minutes?: number;
    /** Of the gains, in points to either side; `null`: a log of before gains were written down. */
    readonly half?: number | null;
  } = {},
): RunItem {
  const {
    root = '/w',
    status = 'finished',
    program,
    seed = 0,
    minutes = 0,
    half = 10,
    label,
    madeHere = true,
  } = wishes;
  const events = half === null ? wholeRun : runWithGains(half);
  const item = runItem(id, { events, seed, status, ...(label !== undefined && { label }) });
  const { manifest } = item;
  const created = new Date(Date.parse(manifest.created) + minutes * 60_000).toISOString();
  const asked = { ...manifest.asked, ...(program !== undefined && { key: program }) };
  const run = { id, folder: `${root}/.bettertogether/runs/${id}` };
  return { ...item, root, run, madeHere, manifest: { ...manifest, created, asked } };
}

/** The runs of a window whose list a test changes. */
export function listedRuns(all: readonly RunItem[]): ListedRuns & { all: readonly RunItem[] } {
  const roots = (items: readonly RunItem[]) => new Set(items.map(({ root }) => root));
  return {
    all,
    folderName(root) {
      return roots(this.all).size === 1 ? null : root.slice(1);
    },
  };
}
