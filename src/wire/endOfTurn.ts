/**
 * The text without the marks of the end of a turn. Servers that do not know a model's (a GGUF without it, `skip_special_tokens: false`)
 * leave them at the end of each answer, where they make every comparison fail.
 */
export function withoutEndOfTurn(text: string): string {
  const found = marks.exec(text);
  // The end of something that is struck out, in HTML.
  const isMarkup = found?.[0].startsWith('</s>') === true && text.includes('<s>');
  return found === null || isMarkup ? text : text.slice(0, found.index).trimEnd();
}

const marks =
  /(?:(?:<\|(?:im_end|eot_id|eom_id|end_of_text|endoftext|end_of_turn|end|END_OF_TURN_TOKEN)\|>|<\uff5cend\u2581of\u2581sentence\uff5c>|<end_of_turn>|<eos>|<\/s>)\s*)+$/;
