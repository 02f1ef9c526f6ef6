/** Rows that code builds: looking at a run builds them again only where code of the workspace may run. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readOwnManifest, writeManifest } from '../../../src/run/record/manifest.ts';
import { ComparisonReader } from '../../../src/page/comparisonReader.ts';
import { RunReader } from '../../../src/page/runReader.ts';
import { writeSampleRun } from '../../fakes/sampleRun.ts';
import { temporaryFolder } from '../run/folder.ts';

const refused = /\(.*rows\.[tp][sy]#dev\), which runs only in a workspace that is trusted/;

async function runOnCode(spec: string) {
  const workspace = temporaryFolder();
  const run = await writeSampleRun({ workspace });
  const manifest = await readOwnManifest(run.folder);
  const dev = join(workspace, spec);
  const asked = { ...manifest.asked, data: { ...manifest.asked.data, dev } };
  const data = { ...manifest.data, dev: { ...manifest.data.dev!, file: dev } };
  await writeManifest(run.folder, { ...manifest, asked, data });
  return { run, workspace };
}

it.each(['rows.ts#dev', 'rows.py#dev'])('%s: not without trust', async (spec) => {
  const { run, workspace } = await runOnCode(spec);
  await expect((await RunReader.open(run)).examples('dev')).rejects.toThrow(refused);
  const compared = await ComparisonReader.open({ root: workspace, runs: [run.id], id: null });
  while (await compared.advance());
  const { problem } = await compared.rows('dev', [{ run: run.id, step: 'p' }]);
  expect(problem).toMatch(refused);
  // With it, the code is asked for, and is not there.
  const trusted = (await RunReader.open(run, () => true)).examples('dev');
  await expect(trusted).rejects.toThrow(/rows\.[tp][sy]/);
  await expect(trusted).rejects.not.toThrow('trusted');
});
