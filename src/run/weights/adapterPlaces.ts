/** Where on this machine the adapter lies that a trainer left in a folder of its own. */
import { loadConfig } from '../../config/load.ts';
import { resolveEndpoint } from '../../config/endpoint.ts';
import type { ResolvedEndpoint } from '../../config/resolved.ts';
import { adapterDigest, findAdapter } from '../../finetune/base/adapterFolder.ts';
import type { LedgerEntry } from '../../finetune/serving/adapterLedger.ts';
import { factsOf } from '../../finetune/settings.ts';
import { mapPath } from '../../finetune/serving/pathMap.ts';

/**
 * The folders to look in, likeliest first: as the configuration maps the trainer's folders to this machine's, as the
 * trainer calls it, and as the server does, for either of them may run here.
 */
export function placesOf(entry: LedgerEntry, endpoints: readonly ResolvedEndpoint[]): readonly string[] {
  const mapped = endpoints.flatMap((endpoint) => {
    const { fineTune } = endpoint;
    const here = fineTune === undefined ? {} : factsOf(fineTune).foldersHere(fineTune);
    const shared = mapPath(entry.folder, here);
    const served = endpoint.kind === 'openai' ? [mapPath(entry.folder, endpoint.pathMap ?? {})] : [];
    return [shared, ...served];
  });
  const moved = mapped.filter((place) => place !== entry.folder);
  return [...new Set([...moved, entry.folder, entry.served])];
}

/**
 * The first of `places` that holds the adapter; `null`: none does. Where a name is made of the adapter's content, a
 * folder with another content is another machine's.
 */
export async function findAdapterAt(
  { name }: Pick<LedgerEntry, 'name'>,
  places: readonly string[],
  namedByContent: boolean,
): Promise<string | null> {
  for (const place of places) {
    const folder = await findAdapter(place);
    if (folder === null) continue;
    if (!namedByContent || name.endsWith(`-${(await adapterDigest(folder)).slice(0, 16)}`)) return folder;
  }
  return null;
}

/** The endpoint as the configuration describes it now, where that still names it: paths may have been added since. */
export async function endpointNow(workspace: string, name: string): Promise<readonly ResolvedEndpoint[]> {
  try {
    return [resolveEndpoint(await loadConfig(workspace), name, 'export')];
  } catch {
    return [];
  }
}
