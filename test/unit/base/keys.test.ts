import { describe, expect, it } from 'vitest';
import { knowKey, shown, unquotedKey, withoutBearer, withoutKeys } from '../../../src/base/keys.ts';

const key = 'sk-live/9f+Aa=_"q\\7Zx';
const trainers = 'tr_0123456789abcdef';
for (const each of [key, trainers, `${trainers}-long`, 'abc12', 'a', 'no', 'none', 'EMPTY']) knowKey(each);

const unicode = (text: string) =>
  [...text].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
const entities = (text: string) => [...text].map((letter) => `&#${letter.charCodeAt(0)};`).join('');
const hexEntities = (text: string) => [...text].map((letter) => `&#x${letter.charCodeAt(0).toString(16)};`).join('');
const everyPercent = (text: string) =>
  [...text].map((letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`).join('');

describe('a key is taken out', () => {
  it.each([
    ['as it is', key],
    ['percent-encoded', encodeURIComponent(key)],
    ['percent-encoded in lower case', encodeURIComponent(key).toLowerCase()],
    ['percent-encoded twice', encodeURIComponent(encodeURIComponent(key))],
    ['with every character percent-encoded', everyPercent(key)],
    ['in JSON', JSON.stringify(key).slice(1, -1)],
    ['in JSON in JSON', JSON.stringify(JSON.stringify(key)).slice(1, -1)],
    ['in JSON of PHP', JSON.stringify(key).slice(1, -1).replaceAll('/', '\\/')],
    ['in Unicode escapes', unicode(key)],
    ['in entities of HTML', entities(key)],
    ['in hexadecimal entities', hexEntities(key)],
    ['with its quotes as HTML has them', key.replaceAll('"', '&quot;')],
    ['in capitals', key.toUpperCase()],
  ])('%s', (_, form) => {
    const text = withoutKeys(`before ${form} after`);
    expect(text).toMatch(/^before "?\*\*\*"? after$|^before \\"\*\*\*\\" after$/);
  });

  it.each(['', 'u', 'us', 'user:', 'Bearer '])('in base64, behind "%s"', (before) => {
    for (const after of ['', ':', '@host']) {
      for (const alphabet of ['base64', 'base64url'] as const) {
        const encoded = Buffer.from(before + key + after).toString(alphabet);
        for (const form of [encoded, encodeURIComponent(encoded), JSON.stringify(encoded)]) {
          const text = withoutKeys(`<${form}>`);
          expect(text).toContain('***');
          // What is left shows nothing of it: too short to hold more than what was put around it.
          expect(text.length).toBeLessThan(before.length * 2 + after.length * 2 + 14);
        }
      }
    }
  });

  it('with all others at once, the longer of two that begin alike whole', () => {
    const text = withoutKeys(`${trainers} and ${key}, ${trainers}-long`);
    expect(text).toBe('*** and ***, ***');
  });

  it.each([
    ['Authorization: Bearer sk-unknown-1', 'Authorization: Bearer ***'],
    ['{"authorization":"Bearer sk-unknown-1"}', '{"authorization":"Bearer ***"}'],
    ['basic dXNlcjpwYXNz1', 'basic ***'],
    ['https://user:pass@host/v1?x=1', 'https://***@host/v1?x=1'],
    ['https://token@host/v1', 'https://***@host/v1'],
    ['GET /v1?api_key=abc&x=1&access_token=def#top', 'GET /v1?api_key=***&x=1&access_token=***#top'],
    ['GET /v1?x=1&amp;sig=abc', 'GET /v1?x=1&amp;sig=***'],
  ])('where keys stand, also one that nobody knows: %s', (text, clean) => {
    expect(withoutKeys(text)).toBe(clean);
  });

  it.each([
    'a bad answer of no model: nobody sent a Bearer token, bearer authentication is needed',
    'abc123, abc12x and xabc12 are words',
    'http://host:8000/v1?limit=100&after=x',
    'EMPTY, none of the models, no a',
    'me@example.com wrote to http://host/a@b',
    '{"key": "value", "max_tokens": 12}',
  ])('and nothing else is: %s', (text) => {
    expect(withoutKeys(text)).toBe(text);
  });

  it('a short one where it stands alone', () => {
    expect(withoutKeys('provided: abc12. (abc12)')).toBe('provided: ***. (***)');
  });

  it('one that is a word, or none at all, where nothing but a key stands', () => {
    expect(withoutKeys('Bearer EMPTY, Bearer none, http://a@host?key=no')).toBe(
      'Bearer ***, Bearer ***, http://***@host?key=***',
    );
  });
});

describe('what others said', () => {
  it('is cut after keys are gone, so that no half of one is left at the cut', () => {
    for (let before = 270; before <= 300; before++) {
      for (const form of [key, encodeURIComponent(key), Buffer.from(key).toString('base64')]) {
        const text = shown(`${'x'.repeat(before)} ${form}${'y'.repeat(100)}`);
        expect(text.length).toBeLessThanOrEqual(301);
        expect(text.replaceAll(/[xy ]/g, '')).toMatch(/^(\*{0,3}…)$/);
      }
    }
  });

  it('is one line without control characters, and no half of a character', () => {
    expect(shown('  a\n\tb\u001b[31m\u202ec\u0000  ')).toBe('a b [31m c');
    expect(shown('ab😀', 3)).toBe('ab…');
    expect(shown('ab', 2)).toBe('ab');
  });

  it('may be long, and the key too', () => {
    const long = Array.from({ length: 2048 }, (_, i) => 'AbCdEf0123-_'[(i * 7) % 12]).join('');
    knowKey(long);
    const text = `${'word '.repeat(20_000)}${long}`;
    expect(withoutKeys(text).endsWith('word ***')).toBe(true);
  });
});

it.each([
  ['sk-abc', 'sk-abc'],
  [' sk-abc\r\n', 'sk-abc'],
  ['"sk-abc"', 'sk-abc'],
  ["'sk-abc'", 'sk-abc'],
  ['Bearer sk-abc', 'Bearer sk-abc'],
  ['sk-"abc', 'sk-"abc'],
  ['""', ''],
  ['', ''],
])('a key in a variable is taken without what is around it: %j', (text, key) => {
  expect(unquotedKey(text)).toBe(key);
});

it.each([
  ['sk-abc', 'sk-abc'],
  ['Bearer sk-abc', 'sk-abc'],
  ['bearer "sk-abc"', 'sk-abc'],
  ['Bearerabc', 'Bearerabc'],
])('a key that was written as a header is taken without `Bearer`: %j', (text, key) => {
  expect(withoutBearer(text)).toBe(key);
});
