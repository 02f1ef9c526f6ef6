import type { FoundPredictor, SignatureFields } from './found.ts';

const none: SignatureFields = { inputs: [], outputs: [] };

/** Field names of `question, context: list[str] -> answer`; none of any other text. */
export function fieldsOfText(signature: string): SignatureFields {
  const [left = '', right, ...more] = signature.split('->');
  if (right === undefined || more.length > 0) return none;
  return { inputs: namesIn(left), outputs: namesIn(right) };
}

/** What a predictor takes in and puts out, as far as the source shows. */
export function fieldsOf({ signature, fields }: Pick<FoundPredictor, 'signature' | 'fields'>): SignatureFields {
  return fields ?? fieldsOfText(signature ?? '');
}

function namesIn(side: string): readonly string[] {
  return splitAtCommas(side).flatMap((field) => /^\s*([A-Za-z_]\w*)/.exec(field)?.[1] ?? []);
}

/** At commas outside of brackets and quotes: types have both. */
function splitAtCommas(side: string): readonly string[] {
  const pieces: string[] = [];
  let depth = 0;
  let piece = '';
  for (const token of side.match(/'[^']*'|"[^"]*"|[^'"]/g) ?? []) {
    if ('[({<'.includes(token)) depth += 1;
    if ('])}>'.includes(token)) depth -= 1;
    if (token === ',' && depth === 0) {
      pieces.push(piece);
      piece = '';
    } else piece += token;
  }
  return [...pieces, piece];
}
