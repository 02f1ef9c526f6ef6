/** Text as somebody who wants harm writes it, for every place that text is put into. */

/** One for each kind of harm that is known. */
export const hostileTexts: readonly string[] = [
  '\u001B]0;owned\u0007',
  '\u001B[2J\u001B[1;1H',
  '\u009B31m\u009D0;owned\u009C',
  'a\rb',
  'a\nrun finished, 100 %\n',
  'a\r\nb\tc',
  '\u202Egpj.exe',
  '\u2066\u2067\u2068x\u2069',
  'pay\u200Bpal\u200D\uFEFF',
  'soft\u00ADhyphen\u034F\u3164',
  'line\u2028separator\u2029',
  'lone \uD800 half \uDC00',
  '\u{E0041}\u{E007F}tags',
  '\u0000\u007F\u0085',
  `x". Nothing is sent. "`,
  "'); import os; os.system('touch pwned') #",
  `'); require('fs').writeFileSync('pwned', '') //`,
  '""" + __import__("os").system("touch pwned") + """',
  "''' + __import__('os').system('touch pwned') + '''",
  "\\'); __import__('os').system('touch pwned') #",
  '\\N{BULLET}\\u0027\\x27\\',
  '${require("fs").writeFileSync("pwned", "")}',
  '`touch pwned` $(touch pwned) $HOME',
  "'; touch pwned; '",
  '"; touch pwned; "',
  '& calc | more > pwned',
  '\u2019; calc; \u2018',
  '!! !$ ~ * ? [a] {b,c}',
  '*/ */ --> ]]> ]) })',
  '[click](command:workbench.action.terminal.sendSequence?%7B%22text%22%3A%22x%22%7D)',
  '[click](https://evil.example "title")',
  '![x](http://evil.example/p.png)',
  '<img src=x onerror=alert(1)> &lt;b&gt; &#x202e;',
  '$(trash) $(sync~spin)',
  '| a | b |\n|---|',
  '# heading\n- item\n1. one',
  '=1+1',
  '../../etc/passwd',
  'CON',
  '',
  ' ',
];

const alphabet = Array.from(
  '\u0000\u0007\b\t\n\r\u001B\u007F\u0085\u009B\u00AD\u034F\u061C\u115F\u200B\u200D\u200E\u2028\u2029\u202E\u2066\u2069\u3164\uFEFF' +
    `'"\`\\$(){}[]<>|&;#!*_~/%@:.,-=+ abN0x\u2019\u{1F600}\u{E0041}`,
).concat('\uD800', '\uDFFF', '${', '](', '$(', "'''", '"""', '\\u', '\\N{', '*/', '//', 'command:');

/** So many texts over an alphabet of what is special somewhere; the same for the same seed. */
export function randomHostile(count: number, seed: number): readonly string[] {
  let state = seed;
  const next = (below: number): number => {
    // Numerical Recipes' generator: any will do.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return Array.from({ length: count }, () =>
    Array.from({ length: next(24) }, () => alphabet[next(alphabet.length)]!).join(''),
  );
}

/** What no terminal may be sent, but for line breaks and tabs: written out here, apart from what is tested. */
export function harmIn(text: string): string | null {
  for (const character of text) {
    const point = character.codePointAt(0)!;
    const control = (point < 0x20 && point !== 0x09 && point !== 0x0a) || (point >= 0x7f && point <= 0x9f);
    const format =
      [0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x3164, 0xfeff, 0x2028, 0x2029].includes(point) ||
      (point >= 0x200b && point <= 0x200f) ||
      (point >= 0x202a && point <= 0x202e) ||
      (point >= 0x2060 && point <= 0x206f) ||
      (point >= 0xe0000 && point <= 0xe007f);
    const half = point >= 0xd800 && point <= 0xdfff;
    if (control || format || half) return `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
  }
  return null;
}
