import { AsyncLocalStorage } from 'node:async_hooks';

/** Shared between copies of this package, as the runtime is. */
const key = Symbol.for('bettertogether.modulePath.1');
const shared = globalThis as typeof globalThis & { [key]?: AsyncLocalStorage<readonly string[]> };
const storage = (shared[key] ??= new AsyncLocalStorage<readonly string[]>());

/** Runs `body` as a call of the module `name`; concurrent calls do not see each other. */
export function withinModule<T>(name: string, body: () => T): T {
  return storage.run([...currentModulePath(), name], body);
}

/** Class names of the modules whose calls are around this one, outermost first. */
export function currentModulePath(): readonly string[] {
  return storage.getStore() ?? [];
}
