import type { ProcessReads } from './processReads.ts';

/** Has `reads` told of every look at `process.env`. */
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
    ownKeys(env) {
      if (!isForChild()) reads.environment();
      return Reflect.ownKeys(env);
    },
  });
}

/** Node hands all variables on to a process that is started: what that reads is not seen. */
function isForChild(): boolean {
  return /\bnode:child_process\b/.test(new Error().stack?.split('\n').slice(2, 6).join('\n') ?? '');
}
