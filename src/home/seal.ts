/**
 * Proof of where a record comes from. Anyone can commit a `.bettertogether` folder; only this user on this machine can
 * write a seal that holds, because it is a MAC under the user's secret (`secret.ts`).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { userSecret } from './secret.ts';

/** Bytes of a seal: 128 bits, which nobody guesses. */
const sealBytes = 16;

/** What a record is for: a seal of one kind proves nothing for another. */
export type SealedKind =
  | 'account'
  | 'adapter'
  | 'comparison'
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

/** Seals under a secret; it is fetched when the first one is asked for. */
export function sealUnder(secret: () => Buffer): Seal {
  let known: Buffer | null = null;
  const macOf = (kind: SealedKind, content: readonly (string | Uint8Array)[]): Buffer => {
    known ??= secret();
    const mac = createHmac('sha256', known).update(`bettertogether ${kind}`);
    // The length before each part: no two lists of parts give the same bytes.
    for (const part of content) mac.update(`\n${Buffer.byteLength(part)}:`).update(part);
    return mac.digest().subarray(0, sealBytes);
  };
  return {
    of: (kind, ...content) => macOf(kind, content).toString('hex'),
    holds: (seal, kind, ...content) =>
      typeof seal === 'string' &&
      /^[0-9a-f]{32}$/.test(seal) &&
      timingSafeEqual(Buffer.from(seal, 'hex'), macOf(kind, content)),
  };
}

const own = sealUnder(() => userSecret());

/** The seal of the user who runs this process. */
export const ownSeal = (): Seal => own;
