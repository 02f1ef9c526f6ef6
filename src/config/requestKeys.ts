/** Keys of a request that `request` of an endpoint may not set, because the product does. */

const anywhere = 'it is what the program asks';
const guided = 'it is set where an answer is constrained ("sampling.guided": "off" leaves it out)';

/** Refused with whatever value. */
const owned: Readonly<Record<string, string>> = {
  model: '"model" of the program says it',
  messages: anywhere,
  prompt: anywhere,
  stream: 'answers are read whole',
  stream_options: 'answers are read whole',
  n: 'each answer is asked for, and counted, by itself',
  best_of: 'each answer is asked for, and counted, by itself',
  max_tokens: '"sampling.maxTokens" of the program says it',
  max_completion_tokens: '"sampling.maxTokens" of the program says it',
  response_format: guided,
  structured_outputs: guided,
  continue_final_message: anywhere,
  add_generation_prompt: anywhere,
};

/** Refused but for `null`, which leaves them out. */
const leftOutAlone: Readonly<Record<string, string>> = {
  temperature: '"sampling.temperature" of the program says it; null leaves it out',
  top_p: '"sampling.topP" of the program says it; null leaves it out',
  seed: 'it tells repeated answers apart; null leaves it out',
  stop: 'the prompt format says it; null leaves it out',
};

/** What is wrong with each key that is the product's own. */
export function ownKeysIn(request: Readonly<Record<string, unknown>>): readonly { key: string; message: string }[] {
  return Object.entries(request).flatMap(([key, value]) => {
    const why = Object.hasOwn(owned, key)
      ? owned[key]
      : value !== null && Object.hasOwn(leftOutAlone, key)
        ? leftOutAlone[key]
        : undefined;
    return why === undefined ? [] : [{ key, message: `must not stand here: ${why}` }];
  });
}
