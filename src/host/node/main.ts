/** The Node program host: bundled to `dist/host.js` and started with the path of the SDK as its argument. */
import { isMainThread, Worker, workerData } from 'node:worker_threads';

async function main(): Promise<void> {
  if (!isMainThread) {
    const { watchMainThread } = await import('./stallWatch.ts');
    watchMainThread(workerData as string);
    return;
  }
  const watcher = new Worker(new URL(import.meta.url), { workerData: process.cwd() });
  watcher.on('error', () => undefined); // without it, endless loops are found later and without their line
  watcher.unref();
  const { serve } = await import('./serve.ts');
  // Code of the user's that looks for arguments finds none.
  serve(process.argv.splice(2)[0]!);
}

await main();
