import type { ContentPart } from '../data/lm.ts';

/** A type, not an interface: bodies of requests are JSON, and take no other. */
type Turn = {
  readonly role: string;
  readonly content: string | readonly ContentPart[];
};

/** The same messages for models without a system role: what it says begins the first user turn. */
export function withoutSystemRole(messages: readonly Turn[]): readonly Turn[] {
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  if (system.length === 0) return messages;
  const others = messages.filter(({ role }) => role !== 'system');
  const at = others.findIndex(({ role }) => role === 'user');
  if (at < 0) return [{ role: 'user', content: joined(system) }, ...others];
  return others.with(at, { role: 'user', content: joined([...system, others[at]!.content]) });
}

/** One content of several, with a blank line between them. */
function joined(contents: readonly Turn['content'][]): Turn['content'] {
  if (contents.every((content) => typeof content === 'string')) return contents.join('\n\n');
  return contents.flatMap((content, i) => {
    const parts = typeof content === 'string' ? [{ type: 'text' as const, text: content }] : content;
    return i === 0 ? parts : [{ type: 'text' as const, text: '\n\n' }, ...parts];
  });
}
