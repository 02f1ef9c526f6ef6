import type { ProcessReads } from './processReads.ts';

/** Notifies `reads` of every look at `process.env`. */
export function watchVariables(reads: ProcessReads): void {
  process.env = new Proxy(process.env, {
    get(env, name) {
      if (typeof name === 'string') reads.variable(name);
      return Reflect.get(env, name) as unknown;
    },
    has(env, name) {
      if (typeof name === 'string') reads.variable(name);
      return Reflect.has(env, name);
    },
    set(env, name, value) {
      if (typeof name === 'string') reads.setVariable(name);
      return Reflect.set(env, name, value);
    },
    deleteProperty(env, name) {
      if (typeof name === 'string') reads.setVariable(name);
      return Reflect.deleteProperty(env, name);
    },
    getOwnPropertyDescriptor(env, name) {
      if (typeof name === 'string') reads.variable(name);
      return Reflect.getOwnPropertyDescriptor(env, name);
    },
    ownKeys(env) {
      reads.environment();
      return Reflect.ownKeys(env);
    },
  });
}
