/**
 * Proof of where a record comes from. Anyone can commit a `.bettertogether` folder; only this user on this machine can
 * write a seal that holds, because it is a MAC under the user's secret (`secret.ts`).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { resolve, sep } from 'node:path';
import { knownSecret, userSecret } from './secret.ts';
import { keepWorkspace, workspaceId } from './workspaces.ts';

/** Bytes of a seal: 128 bits, which no one can guess. */
const sealBytes = 16;

/** What a record is for: a seal of one kind proves nothing for another. */
export type SealedKind =
  | 'account'
  | 'adapter'
  | 'allowance'
  | 'comparison'
  | 'deployment'
  | 'job'
  | 'lattice'
  | 'log'
  | 'manifest'
  | 'memo'
  | 'process'
  | 'reads'
  | 'spend'
  | 'state'
  | 'variable';

export interface Seal {
  /** The seal of `content`, as 32 hexadecimal digits. */
  of(kind: SealedKind, ...content: readonly (string | Uint8Array)[]): string;
  /** Whether `seal` was written here, for just this kind and content. */
  holds(seal: unknown, kind: SealedKind, ...content: readonly (string | Uint8Array)[]): boolean;
}

/**
 * Seals under a secret. It is fetched for the first seal, and created if missing when a seal is written.
 *
 * @param secret `null`: there is none, and none is to be made
 */
export function sealUnder(secret: (make: boolean) => Buffer | null): Seal {
  let known: Buffer | null = null;
  const macOf = (kind: SealedKind, content: readonly (string | Uint8Array)[], make: boolean): Buffer | null => {
    known ??= secret(make);
    if (known === null) return null;
    const mac = createHmac('sha256', known).update(`bettertogether ${kind}`);
    // The length before each part: no two lists of parts give the same bytes.
    for (const part of content) mac.update(`\n${Buffer.byteLength(part)}:`).update(part);
    return mac.digest().subarray(0, sealBytes);
  };
  return {
    of: (kind, ...content) => macOf(kind, content, true)!.toString('hex'),
    holds: (seal, kind, ...content) => {
      if (typeof seal !== 'string' || !/^[0-9a-f]{32}$/.test(seal)) return false;
      const mac = macOf(kind, content, false);
      return mac !== null && timingSafeEqual(Buffer.from(seal, 'hex'), mac);
    },
  };
}

const ownSecret = (make: boolean): Buffer | null => (make ? userSecret() : knownSecret());
const own = sealUnder(ownSecret);
const ofWorkspaces = new Map<string, Seal>();

/** The seal of the user who runs this process, for what belongs to no workspace. */
export const ownSeal = (): Seal => own;

/**
 * The seal of the user who runs this process, for records of a workspace and no other (`workspaces.ts`).
 *
 * @param path of a record, or of anything in the workspace's `.bettertogether`; one that lies in none has `ownSeal`.
 */
export function sealAt(path: string): Seal {
  const workspace = workspaceOf(resolve(path));
  if (workspace === null) return own;
  let seal = ofWorkspaces.get(workspace);
  if (seal === undefined) {
    seal = sealOf(workspace);
    ofWorkspaces.set(workspace, seal);
  }
  return seal;
}

function sealOf(workspace: string): Seal {
  const seal = sealUnder((make) => {
    const secret = ownSecret(make);
    if (secret === null) return null;
    return createHmac('sha256', secret)
      .update(`bettertogether workspace\n${workspaceId(workspace)}`)
      .digest();
  });
  let isKept = false;
  return {
    ...seal,
    of: (kind, ...content) => {
      if (!isKept) keepWorkspace(workspace);
      isKept = true;
      return seal.of(kind, ...content);
    },
  };
}

function workspaceOf(path: string): string | null {
  const parts = path.split(sep);
  const at = parts.lastIndexOf('.bettertogether');
  return at < 1 ? null : parts.slice(0, at).join(sep) || sep;
}
