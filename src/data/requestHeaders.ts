/** Headers of requests besides the usual ones, which some gateways want, and where the key stands among them. */
import { withoutBearer } from '../base/keys.ts';

/** What stands for the key in a header, so that the key itself stands nowhere. */
export const keyPlace = '{key}';

export type FurtherHeaders = Readonly<Record<string, string>>;

/** Whether the value of a header holds the key. */
export const holdsKey = (value: string): boolean => value.includes(keyPlace);

/** Whether one of the headers does: then it is sent there, and not as `Authorization: Bearer`. */
export const holdKey = (headers: FurtherHeaders): boolean => Object.values(headers).some(holdsKey);

/** By lower-case name, ready to be sent. @param key `null`: none is sent. */
export function headersWith(headers: FurtherHeaders, key: string | null): Record<string, string> {
  const isElsewhere = key === null || holdKey(headers);
  const bearer: Record<string, string> = isElsewhere ? {} : { authorization: `Bearer ${withoutBearer(key)}` };
  const own = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    value.replaceAll(keyPlace, () => key ?? ''),
  ]);
  return { ...bearer, ...(Object.fromEntries(own) as Record<string, string>) };
}

/** Those that can change an answer: whose value is more than the key. */
export function meaningfulHeaders(headers: FurtherHeaders): FurtherHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => !holdsKey(value)));
}
