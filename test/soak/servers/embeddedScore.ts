/** What the embedded endpoint makes of a state whose weights were trained for another server. */
import { readFileSync } from 'node:fs';
import { startEmbedded } from '../../../src/embedded/embedded.ts';
import { testHome } from '../../system/embeddedHome.ts';
import type { Intents } from './intents.ts';

/** @param folder PEFT of the state's model. @returns the score on the dev rows, with its 95 % interval. */
export async function embeddedScore(example: Intents, state: string, model: string, folder: string) {
  const { home, remove } = await testHome();
  try {
    const embedded = await startEmbedded({ home });
    const headers = { authorization: `Bearer ${readFileSync(embedded.tokenFile, 'utf8').trim()}` };
    const body = JSON.stringify({ lora_name: model, lora_path: folder });
    const loaded = await fetch(`${embedded.baseURL}/load_lora_adapter`, { method: 'POST', headers, body });
    await embedded.close();
    if (!loaded.ok) throw new Error(await loaded.text());
    return await example.evaluate('embedded', state, [], { BETTERTOGETHER_HOME: home.root });
  } finally {
    await remove();
  }
}
