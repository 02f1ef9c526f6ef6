import { promisify } from 'node:util';

export type AnyFunction = (...args: unknown[]) => unknown;

/**
 * Puts another function in the place of one of Node's. What hangs on that as properties stays.
 *
 * @param promised makes what `promisify` gives of it, where Node has a variant of its own for that.
 */
export function replace(
  holder: object,
  name: string,
  make: (original: AnyFunction) => AnyFunction,
  promised: (made: AnyFunction, custom: AnyFunction) => AnyFunction,
): void {
  const functions = holder as Record<string, AnyFunction | undefined>;
  const original = functions[name];
  if (typeof original !== 'function') return;
  const made = make((...args) => original.apply(holder, args));
  const properties: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(original);
  const custom = properties[promisify.custom];
  if (custom !== undefined) {
    properties[promisify.custom] = { ...custom, value: promised(made, custom.value as AnyFunction) };
  }
  functions[name] = Object.defineProperties(made, properties);
}
