import { describe, expect, it } from 'vitest';
import { markdownCode, markdownText } from '../../../src/run/code/markdown.ts';
import { harmIn, hostileTexts, randomHostile } from '../../fakes/hostile.ts';

const texts = [...hostileTexts, ...randomHostile(500, 3)];

/** Markdown's own, without the characters that were escaped. */
const unescaped = (text: string): string => text.replaceAll(/\\[\\`*_[\]<>|&~$#+=.)-]/g, 'x');

describe('Markdown', () => {
  it('has of other text words alone: no markup, link, HTML, entity or cell', () => {
    for (const text of texts) {
      const words = markdownText(text);
      expect(harmIn(words), JSON.stringify(text)).toBeNull();
      expect(unescaped(words).replaceAll('->', ''), JSON.stringify(text)).not.toMatch(
        /[\n`*_[\]<>|&~$]|^[#+=-]|^\d+[.)]\s/,
      );
    }
    expect(markdownText('p -> w: a|b *c*')).toBe('p -> w: a\\|b \\*c\\*');
  });

  it('has code in a fence that the code cannot end', () => {
    for (const text of texts) {
      const code = markdownCode(text);
      const [fence] = /^`+/.exec(code)!;
      expect(code.endsWith(fence)).toBe(true);
      const inside = code.slice(fence.length, -fence.length).match(/`+/g) ?? [];
      expect(inside.every((run) => run.length < fence.length)).toBe(true);
      expect(harmIn(code)).toBeNull();
    }
  });
});
