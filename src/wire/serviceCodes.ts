/** Numbers by which services say what others say by a status and a word. */
import type { ErrorMeaning } from './meanings.ts';

type Numbers = Readonly<Record<number, ErrorMeaning>>;

/** Zhipu and Z.ai: `{"error": {"code": "1113", "message": …}}`, whatever the status. */
const zhipu: Numbers = {
  ...{ 1000: 'wrongKey', 1001: 'wrongKey', 1002: 'wrongKey', 1003: 'wrongKey', 1004: 'wrongKey' },
  ...{ 1110: 'denied', 1111: 'denied', 1112: 'denied', 1121: 'denied', 1220: 'forbidden' },
  ...{ 1113: 'noCredit', 1309: 'noCredit' },
  ...{ 1120: 'passing', 1230: 'passing', 1231: 'passing', 1234: 'passing' },
  ...{ 1211: 'unknownModel', 1221: 'unknownModel', 1222: 'unknownModel' },
  ...{ 1261: 'tooLong', 1300: 'flagged', 1301: 'flagged' },
  ...{ 1302: 'rateLimit', 1303: 'rateLimit', 1304: 'rateLimit', 1305: 'rateLimit' },
  ...{ 1308: 'rateLimit', 1310: 'rateLimit', 1312: 'rateLimit' },
  ...{ 1311: 'forbidden', 1313: 'denied' },
};

/** MiniMax: `{"base_resp": {"status_code": 1008, "status_msg": …}}`, with status 200. */
const minimax: Numbers = {
  ...{ 1000: 'passing', 1001: 'passing', 1024: 'passing', 1033: 'passing' },
  ...{ 1002: 'rateLimit', 1041: 'rateLimit', 2045: 'rateLimit', 2056: 'rateLimit' },
  ...{ 1004: 'wrongKey', 2049: 'wrongKey', 1008: 'noCredit', 1026: 'flagged', 1027: 'flagged' },
  ...{ 1039: 'tooLong', 1042: 'rejected', 2013: 'rejected' },
};

/** What the number in an error's record means; `null` where the service's numbers are not known. */
export function meaningOfNumber(record: Readonly<Record<string, unknown>>): ErrorMeaning | null {
  const { code, type, object, status_code, status_msg } = record;
  if (typeof status_code === 'number' && typeof status_msg === 'string') return minimax[status_code] ?? null;
  // Mistral has four digits too, beside a type.
  const isZhipu = typeof code === 'string' && /^\d{4}$/.test(code) && type === undefined && object === undefined;
  return isZhipu ? (zhipu[Number(code)] ?? null) : null;
}
