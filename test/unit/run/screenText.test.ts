import { describe, expect, it } from 'vitest';
import {
  joined,
  onScreen,
  screenBlock,
  screenError,
  screenJson,
  screenLines,
} from '../../../src/run/text/screenText.ts';
import type { Screen } from '../../../src/run/text/screen.ts';
import type { ScreenText } from '../../../src/run/text/screenText.ts';
import { plainTable } from '../../../src/run/text/table.ts';
import { harmIn, hostileTexts, randomHostile } from '../../fakes/hostile.ts';

const texts = [...hostileTexts, ...randomHostile(300, 2)];

describe('what a terminal is sent', () => {
  it('has strings put in on the line they were put into', () => {
    for (const text of texts) {
      const sent = String(onScreen`run ${text}, ${3}\n`);
      expect(harmIn(sent), JSON.stringify(text)).toBeNull();
      expect(sent.match(/\n/g)).toHaveLength(1);
      expect(sent.endsWith(', 3\n')).toBe(true);
    }
  });

  it('has literals and what was made before as they are', () => {
    const erase = onScreen`\r\u001B[2K`;
    expect(String(onScreen`${erase}${'\u001B[2K'}`)).toBe('\r\u001B[2K\uFFFD[2K');
    expect(String(joined([onScreen`a`, onScreen`b`], onScreen`\n`))).toBe('a\nb');
  });

  it('has a row a line in tables and lists, whatever the cells hold', () => {
    for (const text of texts) {
      const table = String(plainTable(['a', text], [[text, 'b']]));
      expect(harmIn(table), JSON.stringify(text)).toBeNull();
      expect(table.match(/\n/g)).toHaveLength(2);
      expect(String(screenLines([text, text])).match(/\n/g)).toHaveLength(2);
    }
  });

  it('is nothing else, for the compiler', () => {
    const sent: ScreenText[] = [];
    const screen: Screen = { err: (text) => void sent.push(text), live: false, columns: () => 80 };
    screen.err(onScreen`a`);
    // @ts-expect-error a plain string is no text for a terminal
    screen.err('b');
    expect(sent.map(String)).toEqual(['a', 'b']);
  });

  it('has the lines of a block, and JSON on one', () => {
    expect(String(screenBlock('a\n\tb\u001B[1m'))).toBe('a\n\tb\uFFFD[1m');
    expect(String(screenError('no such run:\nrun finished\n\n'))).toBe('no such run:\n  run finished\n');
    expect(String(screenJson({ a: '\u009B\n' }))).toBe('{"a":"\\u009b\\n"}\n');
  });
});
