/** How pages of a Parquet file are unpacked; those of Snappy hyparquet unpacks itself. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { decompress } from 'fzstd';
import type { Compressors } from 'hyparquet';

export const compressors: Compressors = {
  GZIP: (packed) => gunzipSync(packed),
  BROTLI: (packed) => brotliDecompressSync(packed),
  // Node 20 has no zstd.
  ZSTD: (packed) => decompress(packed),
};
