/** How services say that they have no such model: not all of them by status 404, or by a code. */
import type { ErrorWords } from './errorWords.ts';

const codes =
  /^(model_?not_?(found|exists?|available)|deployment_?not_?found|invalid_model|unknown_model|model_decommissioned)$/i;
const codesInText = /\b(model_not_found|model_not_available|DeploymentNotFound|ModelNotFound)\b/i;

const sentences = [
  // Of Ollama and Groq, of a model that is none for chats; of Bedrock, whose name is to be another.
  /^"[^"]+" does not support (chat|generate)$/i,
  /\bmodel\b[^]{0,200}\bdoes not support chat completions\b/i,
  /\bwith on-demand throughput is(n.t| not) supported\b/i,
  /\b(no such|unknown|invalid|unrecogni[sz]ed|not a valid) (\w+ )?(model|deployment|adapter)\b(?! (output|response|answer))/i,
  /\b(model|deployment|adapter|lora)\b[^]{0,200}\b(not found|not exist|n't exist|not deployed|is unknown)\b/i,
  /\bmodel (identifier|id|name)\b[^.]{0,60}\bis (invalid|not valid)\b/i,
  /\b(model|deployment|adapter|lora)\b[^]{0,200}\b((was|is|been) (deleted|deprecated|removed|retired|decommissioned)|no longer (available|supported|served))\b/i,
];
/** What else of a request may be unknown or gone. */
const otherThing =
  /\b(parameter|argument|field|template|property|role|tokens?|temperature|top_?p|seed|stop|response_format|json_\w+)\b/i;

/** Whether a code of an error says so. */
export const hasNoSuchModelCode = (words: Pick<ErrorWords, 'codes'>): boolean =>
  words.codes.some((code) => codes.test(code));

/** Routers say so of a model, and of a part of a request that the model does not take. */
export const isModelNotSupported = ({ codes: given, fields, text }: ErrorWords): boolean =>
  given.some((code) => /^model_?not_?supported$/.test(code)) &&
  fields.every((field) => field === 'model') &&
  !otherThing.test(text);

/** Whether the words of an error say so, where it could be about something else of the request. */
export const wordsNoSuchModel = (text: string): boolean =>
  codesInText.test(text) || (!otherThing.test(text) && saysOfModel(text));

/** The same where it can be about nothing else. */
export const saysOfModel = (text: string): boolean =>
  codesInText.test(text) || sentences.some((sentence) => sentence.test(text));
