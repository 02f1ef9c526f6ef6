/** What a doctor finds, in lines for people. */
import { plural } from '../../view/words.ts';
import type { Finding } from '../doctor/finding.ts';

const partNames: Readonly<Record<Finding['part'], string>> = {
  node: 'Node',
  disk: 'disk',
  configuration: 'program',
  python: 'Python',
  dspy: 'DSPy',
  endpoint: 'endpoint',
  key: 'key',
  model: 'model',
  runtime: 'runtime',
  trainer: 'trainer',
};
const verdictNames: Readonly<Record<Finding['verdict'], string>> = { good: 'ok', wrong: 'wrong', note: 'note' };

const columns = 7;

export function findingLines({ part, of, verdict, said, mend }: Finding): readonly string[] {
  const name = partNames[part] + (of === null ? '' : ` ${of}`);
  return [
    `${verdictNames[verdict].padEnd(columns)}${name}: ${said}`,
    ...(mend === null ? [] : [`${' '.repeat(columns)}to mend it: ${mend}`]),
  ];
}

export function findingsSummary(findings: readonly Finding[]): string {
  const bad = findings.filter(({ verdict }) => verdict === 'wrong').length;
  if (bad === 0) return 'Nothing is wrong.';
  return `${plural(bad, 'thing')} ${bad === 1 ? 'is' : 'are'} wrong.`;
}
