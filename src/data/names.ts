/** Names that somebody chose in a file or a service: what they may hold, so that they can be shown in a sentence. */
import { holdsUnseen } from '../base/visibleText.ts';

/** UTF-16 units. Models may be called by their folders. */
const longest = 400;

/** What is wrong with a name, as the end of a sentence about it; `null`: nothing. */
export function nameProblem(name: string): string | null {
  if (name.trim() === '') return 'must not be empty';
  if (name.length > longest) return `must not be longer than ${longest} characters`;
  if (holdsUnseen(name)) return 'must hold no line break, no control character and nothing else that is not seen';
  if (name !== name.trim()) return 'must not begin or end with a space';
  // In a command it would be an option.
  return name.startsWith('-') ? 'must not begin with "-"' : null;
}
