import { describe, expect, it } from 'vitest';
import { contentHash } from '../../../src/base/contentHash.ts';
import { canonicalJson } from '../../../src/base/json.ts';

describe('canonical JSON', () => {
  it('does not depend on the order in which data was built', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'é"\n' }], a: true })).toBe(
      '{"a":true,"b":[1,{"c":"é\\"\\n","d":null}]}',
    );
    expect(contentHash({ x: 1, y: { p: 1, q: 2 } })).toBe(contentHash({ y: { q: 2, p: 1 }, x: 1 }));
  });

  it('leaves out what is undefined, and is JSON all the same', () => {
    expect(canonicalJson({ a: undefined, b: [undefined, 2] })).toBe('{"b":[null,2]}');
    expect(canonicalJson(undefined)).toBe('null');
    expect(JSON.parse(canonicalJson({ 'ключ "x"': 0.1, list: [] }))).toEqual({ 'ключ "x"': 0.1, list: [] });
  });

  it('tells different data apart', () => {
    expect(contentHash({ a: 1 })).not.toBe(contentHash({ a: '1' }));
    expect(contentHash([1, [2]])).not.toBe(contentHash([[1], 2]));
  });
});
