/** The licences of the packages whose code is within bundles: whoever passes the code on passes them on too. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './packages.mjs';

/**
 * @param inputs files of esbuild's metafile, and whatever else was copied from `node_modules`.
 * @returns one text: names and versions above each licence, which packages with the very same words share.
 */
export function notices(inputs) {
  const folders = new Set(inputs.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]));
  folders.delete(undefined);
  const namesByLicence = new Map();
  for (const folder of [...folders].sort()) {
    const { name, text } = licenceOf(join(root, folder));
    namesByLicence.set(text, [...(namesByLicence.get(text) ?? []), name]);
  }
  return [...namesByLicence].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`).join(`\n${'-'.repeat(80)}\n\n`);
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file === undefined ? `Licensed under ${license}.` : readFileSync(join(folder, file), 'utf8').trim();
  return { name: `${name} ${version}`, text };
}
