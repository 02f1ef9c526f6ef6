import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../../../src/config/load.ts';
import { exitCode, UsageError } from '../../../src/base/errors.ts';
import { harmIn } from '../../fakes/hostile.ts';

const folder = mkdtempSync(join(tmpdir(), 'bt-config-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const program = '"program": "p.ts#P", "metric": "exactMatch:answer", "train": "t.jsonl"';

function complaint(text: string): string {
  try {
    parseConfig(text, '/w/bettertogether.json');
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).exit).toBe(exitCode.usage);
    return (error as UsageError).message;
  }
  throw new Error('nothing was wrong');
}

describe('parseConfig', () => {
  it('takes comments, trailing commas and a byte order mark', () => {
    const config = parseConfig(`\uFEFF{ // why\n "programs": { "a": { ${program}, }, }, /* and */ }`, 'f');
    expect(config.programs?.['a']?.train).toBe('t.jsonl');
  });

  it('names file, line and column of broken JSON', () => {
    expect(complaint('{\n  "programs": {\n    "a" {}\n  }\n}')).toMatch(
      /^\/w\/bettertogether\.json:3:9: not valid JSON: /,
    );
    expect(complaint('')).toContain('not valid JSON');
  });

  it.each(['[]', '"x"', 'null', '3'])('says that the file has to hold an object: %s', (text) => {
    expect(complaint(text)).toBe(
      '/w/bettertogether.json:1:1: the file has to hold an object, such as {"programs": {…}, "endpoints": {…}}.',
    );
  });

  it('names an unknown key, where it stands, and the key that was meant', () => {
    const message = complaint(`{ "programs": { "a": { ${program},\n "p": { "candidats": 3 } } } }`);
    expect(message).toContain('bettertogether.json:2:9: unknown key "candidats" in "programs.a.p".');
    expect(message).toContain('Did you mean "candidates"?');
  });

  it('says where an interpreter is named, as a key for it would be of one machine', () => {
    const message = complaint('{ "python": ".venv/bin/python" }');
    expect(message).toContain(
      'bettertogether.json:1:3: unknown key "python" at the top: where Python is, each machine',
    );
    expect(message).toContain('BETTERTOGETHER_PYTHON');
  });

  describe('request of an endpoint', () => {
    const lab = (request: object) =>
      JSON.stringify({ endpoints: { lab: { kind: 'openai', baseURL: 'http://h/v1', request } } });

    it('takes keys of the service, and null for what is to be left out', () => {
      const request = {
        chat_template_kwargs: { enable_thinking: false },
        reasoning_effort: 'low',
        top_p: null,
        seed: null,
      };
      expect(parseConfig(lab(request), 'f').endpoints!['lab']).toMatchObject({ request });
    });

    it.each([
      ['model', 'x', '"model" of the program says it'],
      ['messages', [], 'it is what the program asks'],
      ['stream', true, 'answers are read whole'],
      ['n', 4, 'each answer is asked for, and counted, by itself'],
      ['max_tokens', 5, '"sampling.maxTokens" of the program says it'],
      ['top_p', 0.5, '"sampling.topP" of the program says it; null leaves it out'],
      ['seed', 1, 'it tells repeated answers apart; null leaves it out'],
    ])('refuses %s, which is set elsewhere, and says where', (key, value, why) => {
      expect(complaint(lab({ [key]: value }))).toContain(
        `"endpoints.lab.request.${key}": must not stand here: ${why}.`,
      );
    });

    it('refuses a key of the service, and does not repeat it', () => {
      const message = complaint(lab({ api_key: 'sk-very-secret' }));
      expect(message).toContain('endpoints.lab.request.api_key');
      expect(message).not.toContain('sk-very-secret');
    });
  });

  describe('headers of an endpoint', () => {
    const lab = (headers: object, apiKeyEnv?: string) =>
      JSON.stringify({ endpoints: { lab: { kind: 'openai', baseURL: 'http://h/v1', apiKeyEnv, headers } } });

    it('takes those of a gateway, and the place of the key', () => {
      const headers = { 'X-Title': 'qa', 'api-key': '{key}', Authorization: 'Token {key}' };
      expect(parseConfig(lab(headers, 'LAB_KEY'), 'f').endpoints!['lab']).toMatchObject({ headers });
    });

    it.each([
      'api-key',
      'x-api-key',
      'Ocp-Apim-Subscription-Key',
      'Authorization',
      'Cookie',
      'CF-Access-Client-Secret',
    ])('refuses a secret in %s, says where it belongs, and does not repeat it', (name) => {
      const message = complaint(lab({ [name]: 'very-private' }, 'LAB_KEY'));
      expect(message).toContain(`endpoints.lab.headers.${name}`);
      expect(message).toContain('write "{key}" where the key goes');
      expect(message).not.toContain('very-private');
    });

    it('refuses a place of the key without a key, what the request sets itself, and what is no header', () => {
      expect(complaint(lab({ 'api-key': '{key}' }))).toContain(
        '"endpoints.lab.headers": has "{key}", and no key is named',
      );
      expect(complaint(lab({ 'Content-Type': 'x' }))).toContain('what sends the request sets it');
      expect(complaint(lab({ 'X Title': 'x' }))).toContain('must be the name of a header');
      expect(complaint(lab({ 'X-Title': 'a\nb' }))).toContain('must be one line of ASCII');
    });
  });

  it('suggests the keys of the endpoint kind that was chosen', () => {
    const message = complaint(
      '{ "endpoints": { "x": { "kind": "openai", "baseURL": "http://h/v1", "concurency": 3 } } }',
    );
    expect(message).toContain('Did you mean "concurrency"?');
    expect(message).toContain('loraServing');
    const embedded = complaint('{ "endpoints": { "x": { "kind": "embedded", "baseURL": "http://h/v1" } } }');
    expect(embedded).toContain('concurrency, fineTune, prices.');
  });

  it('refuses a key with the reason, and never repeats it', () => {
    const message = complaint(
      '{ "endpoints": { "x": { "kind": "openai", "baseURL": "http://h/v1", "apiKey": "sk-very-secret" } } }',
    );
    expect(message).toContain('"apiKey" in "endpoints.x" is refused');
    expect(message).toContain('apiKeyEnv');
    expect(message).not.toContain('sk-very-secret');
  });

  it('does not take a key for the name of an environment variable', () => {
    const message = complaint(
      '{ "endpoints": { "x": { "kind": "openai", "baseURL": "http://h/v1", "apiKeyEnv": "sk-very-secret" } } }',
    );
    expect(message).toContain('must be the name of an environment variable');
    expect(message).not.toContain('sk-very-secret');
  });

  it('names what is missing and says every mistake at once', () => {
    const message = complaint('{ "programs": { "a": { "program": "p.ts#P", "train": "t", "seed": -1 } } }');
    expect(message).toContain('"programs.a.metric" is missing.');
    expect(message).toContain('"programs.a.seed": ');
    expect(message.split('\n')).toHaveLength(2);
  });

  it('says which kinds of endpoint there are', () => {
    expect(complaint('{ "endpoints": { "x": { "kind": "azure" } } }')).toContain(
      '"endpoints.x.kind" must be "embedded", "openai", or "editor"',
    );
    expect(complaint('{ "endpoints": { "x": {} } }')).toContain('"endpoints.x.kind" must be');
  });
});

describe('loadConfig', () => {
  it('finds the file in a folder above, and is content without one', async () => {
    const inner = join(folder, 'a', 'b');
    mkdirSync(inner, { recursive: true });
    writeFileSync(join(folder, 'bettertogether.json'), `{ "programs": { "a": { ${program} } } }`);
    const loaded = await loadConfig(inner);
    expect(loaded.workspace).toBe(folder);
    expect(loaded.file).toBe(join(folder, 'bettertogether.json'));
    rmSync(join(folder, 'bettertogether.json'));
    expect(await loadConfig(inner)).toEqual({ workspace: inner, file: null, config: {} });
  });
});

describe('names', () => {
  const entry = { program: 'p.ts#A', metric: 'exactMatch:answer', train: 't.jsonl' };
  const lab = { kind: 'openai', baseURL: 'http://h/v1' };

  it.each([
    ['a key of programs', { programs: { 'a\u202Eb': entry } }, /"programs\.a\uFFFDb": must hold no line break/],
    [
      'a key of endpoints',
      { endpoints: { 'x\nNothing is sent.': lab } },
      /"endpoints\.x Nothing is sent\.": must hold/,
    ],
    ['an endpoint', { programs: { a: { ...entry, endpoint: 'x\u001B[2K' } } }, /"programs\.a\.endpoint": must hold/],
    ['a model', { programs: { a: { ...entry, model: '--trust-remote-code' } } }, /must not begin with "-"/],
    ['a field', { programs: { a: { ...entry, inputs: ['q\u200B'] } } }, /"programs\.a\.inputs\[0\]": must hold/],
    ['a predictor', { programs: { a: { ...entry, frozen: ['x'.repeat(401)] } } }, /longer than 400/],
    ['a priced model', { endpoints: { x: { ...lab, prices: { ' m': { input: 1, output: 1 } } } } }, /with a space/],
    [
      'a trained model',
      { endpoints: { x: { ...lab, fineTune: { model: 'm\u0000' } } } },
      /fineTune\.model": must hold/,
    ],
    ['a file', { programs: { a: { ...entry, train: 't\n.jsonl' } } }, /"programs\.a\.train": must hold/],
    ['a host', { endpoints: { x: { ...lab, baseURL: 'http://x".nothing.is.sent/v1' } } }, /"endpoints\.x\.baseURL": /],
  ])('of %s are printable, and what is not is named by its key', (_, config, message) => {
    const said = complaint(JSON.stringify(config));
    expect(said).toMatch(message);
    expect(harmIn(said)).toBeNull();
  });

  it('may be of any language', () => {
    expect(() =>
      parseConfig(JSON.stringify({ programs: { 'größe 日本': { ...entry, model: 'meta-llama/L-3:8b' } } }), 'f'),
    ).not.toThrow();
  });
});
