import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bodyInText, textOfParts } from '../../../src/data/contentParts.ts';
import type { ContentPart } from '../../../src/data/lm.ts';
import { buildRequest } from '../../../src/wire/requestBody.ts';
import { Budget } from '../../../src/engine/budget.ts';
import { readComplete } from '../../../src/host/messages.ts';
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { createLanguageModel, rememberedAnswerSchema } from '../../../src/lm/languageModel.ts';
import { openMemo } from '../../../src/lm/memo.ts';
import { promptTokensAtMost } from '../../../src/lm/requestBounds.ts';
import { valueText } from '../../../webview/valueText.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';

const bytes = Buffer.from(Array.from({ length: 60 }, (_, i) => i));
const url = `data:image/png;base64,${bytes.toString('base64')}`;
const parts: readonly ContentPart[] = [
  { type: 'text', text: 'What is ' },
  { type: 'image_url', image_url: { url, detail: 'low' } },
  { type: 'image_url', image_url: { url: 'https://example.com/b.png' } },
  { type: 'text', text: '?' },
];
// `python3 -c "import hashlib; print(hashlib.sha256(bytes(range(60))).hexdigest()[:12])"`
const told = 'What is [image/png, 60 bytes, sha256 0ddde28e4083][image, https://example.com/b.png]?';
const capabilities = { completions: false, continueFinal: false, structuredChoice: false, jsonSchema: false };
const sampling = { temperature: 0, topP: 1, maxTokens: 10 };

/** As it comes from a host. */
const { call } = readComplete({
  run: 1,
  call: { model: 'base', prompt: { kind: 'chat', messages: [{ role: 'user', content: parts }] }, stop: [] },
  metric: false,
});

describe('pictures in prompts', () => {
  it('are told by type, size and hash, or by their address', () => {
    expect(textOfParts(parts)).toBe(told);
    expect(call.prompt).toEqual({ kind: 'chat', messages: [{ role: 'user', content: told, parts }] });
    const long = { type: 'image_url', image_url: { url: `https://example.com/${'a'.repeat(1000)}` } } as const;
    expect(textOfParts([long]).length).toBeLessThan(220);
  });

  it('are sent as they are, and counted at the worst', () => {
    const context = { sampling, capabilities, rollout: { round: 0, repeat: 0 }, maxTokensKey: 'max_tokens' } as const;
    const request = buildRequest(call, context);
    expect(request.body['messages']).toEqual([{ role: 'user', content: parts }]);
    expect(promptTokensAtMost(request)).toBe('What is ?'.length + 2 * 48_169 + 16);
  });

  it('are asked about, and remembered as text under a key of their own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bt-parts-'));
    const memo = await openMemo(folder);
    const fake = await startFakeEndpoint({ answer: () => 'a dot' });
    const connection = connect(defineEndpoint({ name: 'lab', baseURL: fake.baseURL }));
    try {
      const gate = new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 });
      const lm = createLanguageModel({ connection, capabilities, sampling, memo, gate, onWarning: () => undefined });
      const asked = async (of: typeof call) => lm.complete(of, { round: 0, repeat: 0 }, new AbortController().signal);
      const answer = await asked(call);
      expect(answer.text).toBe('a dot');
      expect(fake.calls[0]!.body['messages']).toEqual([{ role: 'user', content: parts }]);
      const kept = rememberedAnswerSchema.parse(await memo.get(answer.key));
      expect(kept.request.body['messages']).toEqual([{ role: 'user', content: told }]);
      expect((await asked(call)).cached).toBe(true);
      const other = { ...call, prompt: { kind: 'chat', messages: [{ role: 'user', content: told }] } } as const;
      expect((await asked(other)).key).not.toBe(answer.key);
    } finally {
      await connection.close();
      await fake.close();
      await memo.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('leave a body without them as it is', () => {
    const body = { model: 'm', messages: [{ role: 'user', content: 'text' }] };
    expect(bodyInText(body)).toBe(body);
    expect(bodyInText({ model: 'm', prompt: 'p' })).toEqual({ model: 'm', prompt: 'p' });
  });

  it('are told in the fields of a trace', () => {
    expect(valueText({ url })).toBe('{\n  "url": "[image/png, 60 bytes]"\n}');
    expect(valueText('data:image/png;base64, or so')).toBe('data:image/png;base64, or so');
  });
});
