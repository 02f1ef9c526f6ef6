import { expect, test } from 'vitest';
import { withoutPlace } from '../../../src/vscode/embeddedModel.ts';

test.each([
  ['Installing the trainer (about 200 MB) into /home/me/embedded/venv', 'Installing the trainer (about 200 MB)'],
  ['smollm2 in /home/me/embedded/models/smollm2.gguf', 'smollm2'],
  ['Downloading numpy-2.4.6.whl (16.9 MB)', 'Downloading numpy-2.4.6.whl (16.9 MB)'],
])('"%s" is shorter in a notification', (line, told) => {
  expect(withoutPlace(line, '/home/me/embedded')).toBe(told);
});
