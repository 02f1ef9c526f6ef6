import { createRequire } from 'node:module';
import * as z from 'zod';
import { messageOf } from '../../base/errors.ts';
import type { ChatMessage } from '../../data/lm.ts';
import type { LlamaModel, Token } from './nodeLlamaCpp.ts';

/** Turns chat messages into tokens by the model's own chat template. */
export interface ChatTemplate {
  /**
   * The prompt up to where the assistant answers. `opened` begins the assistant's turn. Only the template's own text
   * is read for special tokens: `<|im_end|>` in a message is five characters, not the end of a turn.
   *
   * @throws TemplateError when the template refuses the messages (no system role, say).
   */
  prompt(messages: readonly ChatMessage[], opened?: string): Token[];
  /** What ends an assistant's turn. */
  readonly endOfTurn: Token;
}

/** The model's template does not take these messages. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** A rendered template: its own text, and between the pieces the messages' contents by index. */
type Piece = { readonly special: string } | { readonly message: number };

const chatMl =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

const jinjaModule = z.object({
  Template: z.custom<new (source: string) => { render(values: Record<string, unknown>): string }>(
    (value) => typeof value === 'function',
  ),
});

/**
 * The template of a model, parsed once. It is rendered once per sequence of roles, with marks where the contents go
 * (resolving a template per request takes 0.5 s, reference measurements of the runtime).
 *
 * @param runtimeEntry file of the runtime, from whose packages the Jinja engine is taken.
 */
export function chatTemplateOf(model: LlamaModel, runtimeEntry: string): ChatTemplate {
  const { Template } = jinjaModule.parse(createRequire(runtimeEntry)('@huggingface/jinja'));
  const template = new Template(model.fileInfo.metadata.tokenizer?.chat_template ?? chatMl);
  const rendered = new Map<string, readonly Piece[]>();
  const render = (roles: readonly string[], open: boolean): readonly Piece[] => {
    const key = `${open ? '>' : '.'}${roles.join(' ')}`;
    const known = rendered.get(key);
    if (known !== undefined) return known;
    const pieces = renderMarked(template, model, roles, open);
    rendered.set(key, pieces);
    return pieces;
  };
  const own = (text: string): Token[] => (text === '' ? [] : model.tokenize(text, true));
  return {
    prompt(messages, opened = '') {
      const roles = messages.map((message) => message.role);
      const tokens = render(roles, true).flatMap((piece) =>
        'special' in piece ? own(piece.special) : model.tokenize(messages[piece.message]!.content, false),
      );
      return opened === '' ? tokens : [...tokens, ...model.tokenize(opened, false)];
    },
    endOfTurn: endOfTurn(model, render, own),
  };
}

function endOfTurn(
  model: LlamaModel,
  render: (roles: readonly string[], open: boolean) => readonly Piece[],
  own: (text: string) => Token[],
): Token {
  const last = render(['user', 'assistant'], false).at(-1);
  const after = last !== undefined && 'special' in last ? own(last.special) : [];
  const ends = after.find((token) => model.isEogToken(token)) ?? model.tokens.eos ?? model.tokens.eot;
  if (ends === null) throw new TemplateError('The model file names no token that ends a turn.');
  return ends;
}

function renderMarked(
  template: { render(values: Record<string, unknown>): string },
  model: LlamaModel,
  roles: readonly string[],
  open: boolean,
): readonly Piece[] {
  let text: string;
  try {
    text = template.render({
      messages: roles.map((role, index) => ({ role, content: `@@content:${String(index)}@@` })),
      add_generation_prompt: open,
      bos_token: model.tokens.bosString ?? '',
      eos_token: model.tokens.eosString ?? '',
    });
  } catch (error) {
    throw new TemplateError(`The model's chat template does not take these messages: ${messageOf(error)}`);
  }
  const pieces = text.split(/@@content:(\d+)@@/).map((part, i): Piece => {
    return i % 2 === 0 ? { special: part } : { message: Number(part) };
  });
  const placed = new Set(pieces.flatMap((piece) => ('message' in piece ? [piece.message] : [])));
  if (placed.size !== roles.length) {
    throw new TemplateError(`The model's chat template drops a message of these roles: ${roles.join(', ')}.`);
  }
  return pieces.filter((piece) => !('special' in piece) || piece.special !== '');
}
