/**
 * An object that can be called like a function and has the methods of `prototype`: what makes both
 * `await this.answer({ question })` and `this.answer.signature` work. Calling it calls its method `call`.
 */
export function callableObject<T extends object>(prototype: object): T {
  const self = (...inputs: readonly unknown[]): unknown =>
    (self as unknown as { call(...inputs: readonly unknown[]): unknown }).call(...inputs);
  return Object.setPrototypeOf(self, prototype) as T;
}
