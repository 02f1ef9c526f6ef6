import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { defineEndpoint, whereToLook } from '../../../src/lm/endpoint.ts';

const identity = (baseURL: string, more: object = {}) => defineEndpoint({ name: 'lab', baseURL, ...more }).identity;

describe('endpoint identity', () => {
  test('is one for all spellings of an address', () => {
    const spellings = [
      'http://box/v1',
      'HTTP://Box:80/v1/',
      'http://box:80/v1//',
      'http://BOX/v1#x',
      'http://box/v1/chat/completions',
      'http://box/v1/completions/',
      'http://box/v1/models',
      'http://box/v1/responses/',
      'http://box/v1/messages',
      'http://box/v1/chat',
    ];
    expect(new Set(spellings.map((spelling) => identity(spelling)))).toEqual(new Set(['http://box/v1']));
  });

  test('is an address as it stands that only looks like that of a call', () => {
    const azure = 'https://r.services.ai.azure.com/models';
    expect(identity(azure)).toBe(azure);
    expect(identity('http://box/v1beta/openai')).toBe('http://box/v1beta/openai');
  });

  test('differs by scheme, port, path and revision', () => {
    const different = [
      identity('http://box/v1'),
      identity('https://box/v1'),
      identity('http://box:8000/v1'),
      identity('http://box/v2'),
      identity('http://box/v1', { revision: '2' }),
    ];
    expect(new Set(different).size).toBe(5);
  });

  test('of a served model file is its hash, whatever the port', () => {
    expect(identity('http://127.0.0.1:1/v1', { modelFile: 'abc' })).toBe(
      identity('http://127.0.0.1:2/v1', { modelFile: 'abc' }),
    );
  });

  test.each([['box:8000/v1'], ['nonsense'], ['ftp://box/v1'], ['http://me:secret@box/v1'], ['http://box/v1?key=1']])(
    '%s is refused with a message that names the setting',
    (baseURL) => {
      expect(() => identity(baseURL)).toThrow(UsageError);
      expect(() => identity(baseURL)).toThrow('endpoints.lab.baseURL');
      expect(() => identity(baseURL)).not.toThrow(/secret/);
    },
  );
});

test("Azure's address of a deployment, with its query, is answered with the one to set", () => {
  const old = 'https://r.openai.azure.com/openai/deployments/gpt?api-version=2024-10-21';
  expect(() => identity(old)).toThrow('openai.azure.com/openai/v1');
});

test('advice about the embedded endpoint names no setting: none says where it is', () => {
  const embedded = defineEndpoint({ name: 'embedded', baseURL: 'http://127.0.0.1:1/v1', modelFile: 'abc' });
  expect(whereToLook(embedded)).toContain('bettertogether serve');
  expect(whereToLook(embedded)).not.toContain('baseURL');
  expect(whereToLook(defineEndpoint({ name: 'lab', baseURL: 'http://box/v1' }))).toContain('endpoints.lab.baseURL');
});
