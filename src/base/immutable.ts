import type { JsonValue } from './json.ts';

/**
 * A value that nothing changes, however deep: what a schema's output is for everybody but the schema. JSON of any shape is
 * that already.
 */
export type Immutable<T> = JsonValue extends T ? T : { readonly [Key in keyof T]: Immutable<T[Key]> };
