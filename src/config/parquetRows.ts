/** Rows of `.parquet` files, in which Hugging Face keeps data sets; pandas and polars write them too. */
import type { Hash } from 'node:crypto';
import type { FileMetaData } from 'hyparquet';
import { UsageError, messageOf } from '../base/errors.ts';
import type { Fields } from '../base/json.ts';
import { columnsAtMost, nestingAtMost, rowBytesAtMost } from '../base/limits.ts';
import { isNestedDeeper } from '../base/nesting.ts';
import { bytesOf, tooDeep, tooLong, tooWide } from './dataFile.ts';
import type { DataLimits, Row } from './dataFile.ts';
import type { Column } from './parquetValues.ts';

/** @throws UsageError naming the file, and the row where one is at fault. */
export async function parquetRows(file: string, limits: DataLimits, hash: Hash): Promise<readonly Row[]> {
  // Loaded where there is such a file alone.
  const { parquetMetadata, parquetReadObjects } = await import('hyparquet');
  const { compressors } = await import('./parquetPages.ts');
  const { columnsOf, parsers } = await import('./parquetValues.ts');
  const { buffer } = new Uint8Array(
    await bytesOf(file, limits, hash, 'Take fewer rows of it, or write them as .jsonl.'),
  );
  try {
    const metadata = parquetMetadata(buffer);
    const columns = columnsOf(metadata);
    if (columns.length > columnsAtMost) throw tooWide(`${file}, row 1`, columns.length);
    const names = columns.map(({ name }) => name);
    const options = { file: buffer, metadata, columns: names, compressors, parsers, utf8: false, geoparquet: false };
    const rows: Row[] = [];
    for (const group of groupsOf(metadata)) {
      for (const read of await parquetReadObjects({ ...options, ...group })) {
        rows.push(rowOf(read, columns, `${file}, row ${rows.length + 1}`, limits));
      }
    }
    return rows;
  } catch (error) {
    throw error instanceof UsageError ? error : notParquet(error, file);
  }
}

/** Parts of the file, of which one at a time is decoded. */
function groupsOf({
  row_groups: groups,
}: FileMetaData): readonly { readonly rowStart: number; readonly rowEnd: number }[] {
  let rowEnd = 0;
  return groups.map(({ num_rows: count }) => {
    const rowStart = rowEnd;
    rowEnd += Number(count);
    return { rowStart, rowEnd };
  });
}

function rowOf(
  given: Readonly<Record<string, unknown>>,
  columns: readonly Column[],
  place: string,
  { rowBytes = rowBytesAtMost }: DataLimits,
): Row {
  const fields: Fields = Object.fromEntries(
    columns.map(({ name, read }) => [name, valueIn(given[name], read, name, place)]),
  );
  if (isNestedDeeper(fields, nestingAtMost + 1)) throw tooDeep(place);
  if (JSON.stringify(fields).length > rowBytes) throw tooLong(place, rowBytes);
  return { place, fields };
}

function valueIn(given: unknown, read: Column['read'], name: string, place: string): Fields[string] {
  try {
    return read(given);
  } catch (error) {
    throw new UsageError(`${place}, column ${name}: ${messageOf(error)}.`, error);
  }
}

function notParquet(error: unknown, file: string): UsageError {
  return new UsageError(
    `${file} could not be read as Parquet: ${messageOf(error)}. Code can make the rows of it too: "file.py#name".`,
    error,
  );
}
