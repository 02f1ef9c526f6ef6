/** Fields of rows and calls as a proposer is shown them. */
import { shownFields } from '../../base/exact.ts';
import type { Fields } from '../../base/json.ts';
import { toldInline } from '../../data/contentParts.ts';

/** JSON as people see it: values without their tags, and pictures told by type and size, for a text can show no more. */
export function fieldsText(fields: Fields): string {
  return JSON.stringify(shownFields(fields), (_, value: unknown) =>
    typeof value === 'string' ? (toldInline(value) ?? value) : value,
  );
}
