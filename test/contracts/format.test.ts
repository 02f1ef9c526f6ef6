import type { FormatName } from '../../src/program/formats/registry.ts';
import { formatNamed } from '../../src/program/formats/registry.ts';
import { formatContract } from './format.ts';

/** Each format that there is (the compiler asks for one that is missing), and what becomes of lines in it. */
const formats: Readonly<Record<FormatName, 'kept' | 'joined'>> = {
  chat: 'kept',
  json: 'kept',
  text: 'joined',
  plain: 'joined',
};

for (const [name, lines] of Object.entries(formats)) formatContract(name, formatNamed(name), lines);
