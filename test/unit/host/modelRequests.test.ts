import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { askedBy } from '../../../src/host/node/modelRequests.ts';

const file = new URL('../../goldens/modelRequests.json', import.meta.url);
const addresses = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, readonly string[]>>;

it.each(Object.entries(addresses))('requests for %s are known by their address', (asked, urls) => {
  expect(urls.map((url) => [url, askedBy('POST', url) ?? 'nothing'])).toEqual(urls.map((url) => [url, asked]));
  expect(urls.map((url) => askedBy('GET', url))).toEqual(urls.map(() => undefined));
});
