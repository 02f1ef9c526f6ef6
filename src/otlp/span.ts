/** A span as plain data, before the SDK, and the ids of a run's spans. */
import { createHash } from 'node:crypto';

export type AttributeValue = string | number | boolean | readonly string[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface SpanEvent {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly attributes: Attributes;
}

export interface Span {
  /** 16 hex digits. */
  readonly id: string;
  /** `null`: a root of its trace. */
  readonly parent: string | null;
  /** 32 hex digits. */
  readonly trace: string;
  readonly name: string;
  /** `client`: a request to another process. */
  readonly kind: 'internal' | 'client';
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly failed: boolean;
}

const hexOf = (length: number, parts: readonly (string | number)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, length);

/** Of a run: that of all its sessions, so that a run which goes on stays one trace. */
export const traceIdOf = (run: string): string => hexOf(32, ['bettertogether trace', run]);

/** Of what the parts name within a run: sent again, a span is the same span. */
export const spanIdOf = (run: string, ...parts: readonly (string | number)[]): string => hexOf(16, [run, ...parts]);

/** Without what is not known. */
export function known(attributes: Readonly<Record<string, AttributeValue | null | undefined>>): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(
      (entry): entry is [string, AttributeValue] => entry[1] !== null && entry[1] !== undefined,
    ),
  );
}
