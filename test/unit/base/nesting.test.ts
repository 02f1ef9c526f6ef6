import { describe, expect, it } from 'vitest';
import { contentHash } from '../../../src/base/contentHash.ts';
import { fieldsSchema } from '../../../src/data/fields.ts';
import { canonicalJson } from '../../../src/base/json.ts';
import { hashedNestingAtMost, nestingAtMost } from '../../../src/base/limits.ts';
import { isNestedDeeper, nestsDeeper, opensMoreBrackets } from '../../../src/base/nesting.ts';

const lists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe('nesting', () => {
  it('is found in texts, at the limit and above, brackets in strings left out', () => {
    for (const nested of [lists, objects]) {
      expect(nestsDeeper(nested(nestingAtMost))).toBe(false);
      expect(nestsDeeper(nested(nestingAtMost + 1))).toBe(true);
      expect(nestsDeeper(nested(100_000))).toBe(true);
    }
    expect(nestsDeeper(JSON.stringify([`\\"${'['.repeat(1000)}`]))).toBe(false);
  });

  it('counts every bracket of a text that is no JSON', () => {
    expect(opensMoreBrackets(`"${'['.repeat(nestingAtMost + 1)}`)).toBe(true);
    expect(opensMoreBrackets(']'.repeat(1000) + '['.repeat(nestingAtMost))).toBe(false);
    expect(opensMoreBrackets('[]'.repeat(100_000))).toBe(false);
  });

  it('is found in values, also of those that contain themselves', () => {
    for (const nested of [lists, objects]) {
      expect(isNestedDeeper(JSON.parse(nested(nestingAtMost)))).toBe(false);
      expect(isNestedDeeper(JSON.parse(nested(nestingAtMost + 1)))).toBe(true);
      expect(isNestedDeeper(JSON.parse(nested(100_000)))).toBe(true);
    }
    const round: { self?: unknown; again?: unknown } = {};
    round.self = round.again = round;
    expect(isNestedDeeper(round)).toBe(true);
    expect(isNestedDeeper('text')).toBe(false);
  });

  it('is refused where values come in, and where they are hashed', () => {
    expect(fieldsSchema.safeParse({ a: JSON.parse(lists(nestingAtMost)) }).success).toBe(true);
    const refused = fieldsSchema.safeParse({ a: JSON.parse(lists(100_000)) });
    expect(refused.error?.issues[0]?.message).toContain(`deeper than ${nestingAtMost} levels`);
    expect(canonicalJson(JSON.parse(lists(hashedNestingAtMost)))).toBe(lists(hashedNestingAtMost));
    expect(() => contentHash(JSON.parse(lists(100_000)))).toThrow('nests deeper');
  });
});
