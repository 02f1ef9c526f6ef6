import { describe, expect, it } from 'vitest';
import { holdsUnseen, oneLine, onLines, visibleJson } from '../../../src/base/visibleText.ts';
import { harmIn, hostileTexts, randomHostile } from '../../fakes/hostile.ts';

const texts = [...hostileTexts, ...randomHostile(500, 1)];

describe('text that was not made here', () => {
  it('is one line without anything unseen', () => {
    for (const text of texts) {
      const line = oneLine(text);
      expect(harmIn(line), JSON.stringify(text)).toBeNull();
      expect(line).not.toMatch(/[\n\t]/);
      expect(oneLine(line)).toBe(line);
    }
  });

  it('keeps breaks and tabs where it may have several lines, and nothing else', () => {
    for (const text of texts) {
      const lines = onLines(text);
      expect(harmIn(lines), JSON.stringify(text)).toBeNull();
      expect(onLines(lines)).toBe(lines);
    }
    expect(onLines('a\r\n\tb\rc')).toBe('a\n\tb\nc');
  });

  it('stays as it is where it is harmless', () => {
    for (const text of ['Größe 12 µm', '日本語', 'emoji 😀 ❤️', 'עברית', 'p -> w -> p', '“quotes” – dash…']) {
      expect(oneLine(text)).toBe(text);
      expect(holdsUnseen(text)).toBe(false);
    }
  });

  it('means the same as JSON, with what is unseen written out', () => {
    for (const indent of [0, 2]) {
      for (const text of texts) {
        const value = { [text]: [text, 1, null] };
        const json = visibleJson(value, indent);
        expect(harmIn(json), JSON.stringify(text)).toBeNull();
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      }
    }
    expect(visibleJson({ a: '\u202E\u{E0041}' })).toBe('{"a":"\\u202e\\udb40\\udc41"}');
  });
});
