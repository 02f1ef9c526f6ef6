/** Which HTTP requests ask a model, whatever package makes them: by method and path, as the services name them. */

export type Asked = 'an LM' | 'embeddings';

/** python/host/…/model_requests.py has the same; test/goldens/modelRequests.json holds both to it. */
const lm = new RegExp(
  String.raw`(/completions?|/responses|/v\d+/(messages|complete|chat|generate)|/api/(chat|generate)|/generate(_stream)?` +
    String.raw`|/text/(chat|generation)(_stream)?|/invocations|/model/[^/]+/(converse|invoke)(-[a-z-]+)?` +
    String.raw`|:(generateContent|streamGenerateContent|predict|rawPredict|streamRawPredict))/?$`,
);
const embeddings = /(\/embeddings?|\/embed|\/feature-extraction|:(embedContent|batchEmbedContents))\/?$/;

/**
 * What a request asks a model for; `undefined` for any other request (a download, a search server, a log).
 *
 * @param url the whole address, or from its path on.
 */
export function askedBy(method: string, url: string): Asked | undefined {
  if (method.toUpperCase() !== 'POST') return undefined;
  const path = url.split(/[?#]/, 1)[0]!;
  if (embeddings.test(path)) return 'embeddings';
  return lm.test(path) ? 'an LM' : undefined;
}
