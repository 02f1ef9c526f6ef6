import { describe, expect, it } from 'vitest';
import { answerText } from '../../../src/embedded/llama/answerText.ts';

/** A tokenizer whose tokens are bytes. */
const bytes = { detokenize: (tokens: readonly number[]) => Buffer.from(tokens).toString('utf8') };

function run(text: string, stops: readonly string[]): { shown: string[]; stopped: boolean; flushed: string } {
  const answer = answerText(bytes, stops);
  const shown: string[] = [];
  for (const byte of Buffer.from(text)) {
    const { text: piece, stopped } = answer.push(byte);
    shown.push(piece);
    if (stopped) return { shown, stopped, flushed: answer.flush() };
  }
  return { shown, stopped: false, flushed: answer.flush() };
}

describe('answerText', () => {
  it('shows text as it comes', () => {
    expect(run('abc', [])).toEqual({ shown: ['a', 'b', 'c'], stopped: false, flushed: '' });
  });

  it('shows characters of several tokens whole', () => {
    expect(run('é日🎉', []).shown.filter((piece) => piece !== '')).toEqual(['é', '日', '🎉']);
  });

  it('shows a broken character at the end as what it is', () => {
    const answer = answerText(bytes, []);
    expect(answer.push(0xe6).text).toBe('');
    expect(answer.flush()).toBe('\uFFFD');
  });

  it('does not wait for ever for a character that stays broken', () => {
    const answer = answerText(bytes, []);
    const shown = [0xff, 0xff, 0xff, 0xff, 0x61].map((byte) => answer.push(byte).text).join('');
    expect(shown).toBe('\uFFFD\uFFFD\uFFFD\uFFFDa');
  });

  it('ends before the first stop string and shows no part of it', () => {
    const result = run('yes\n\n---more', ['\n\n---', 'more']);
    expect(result.stopped).toBe(true);
    expect(result.shown.join('') + result.flushed).toBe('yes');
  });

  it('shows what only looked like the beginning of a stop string', () => {
    const result = run('a\n\nb', ['\n\n---']);
    expect(result.stopped).toBe(false);
    expect(result.shown).toEqual(['a', '', '', '\n\nb']);
  });

  it('keeps a held-back end when the answer ends there', () => {
    expect(run('done\n', ['\n\n'])).toMatchObject({ stopped: false, flushed: '\n' });
  });

  it('knows everything generated, for those who decide whether it is complete', () => {
    const answer = answerText(bytes, ['b']);
    answer.push(0x61);
    answer.push(0x62);
    expect(answer.raw).toBe('ab');
  });
});
