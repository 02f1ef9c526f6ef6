import { expect, it } from 'vitest';
import { dataEndingOf, dataFilesPattern } from '../../../src/config/dataEndings.ts';

it.each([
  ['rows.jsonl', 'jsonl'],
  ['data/rows.CSV.gz', 'csv'],
  ['rows.parquet', 'parquet'],
  ['rows.parquet.gz', null],
  ['rows.jsonl.zst', null],
  ['jsonl', null],
])('%s ends as a data file: %s', (file, ending) => {
  expect(dataEndingOf(file)).toBe(ending);
});

it('are searched for in any folder, packed or not', () => {
  expect(dataFilesPattern).toBe('**/*.{jsonl,ndjson,json,csv,tsv,parquet,jsonl.gz,ndjson.gz,json.gz,csv.gz,tsv.gz}');
});
