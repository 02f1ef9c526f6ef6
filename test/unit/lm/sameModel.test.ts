import { describe, expect, test } from 'vitest';
import { isSameModel, isSameName } from '../../../src/lm/sameModel.ts';

describe('the model that answered', () => {
  const same: [asked: string, answeredBy: string][] = [
    ['gpt-4o', 'gpt-4o'],
    ['gpt-4o', 'gpt-4o-2024-08-06'],
    ['gpt-4o-mini', 'gpt-4o-mini-2024-07-18'],
    ['gpt-4.1', 'gpt-4.1-2025-04-14'],
    ['gpt-4', 'gpt-4-0613'],
    ['gpt-3.5-turbo', 'gpt-3.5-turbo-0125'],
    ['gpt-3.5-turbo', 'gpt-35-turbo'],
    ['o3-mini', 'o3-mini-2025-01-31'],
    ['openai/gpt-4o', 'gpt-4o-2024-11-20'],
    ['gpt-4o', 'openai/gpt-4o'],
    ['openrouter/openai/gpt-4o', 'openai/gpt-4o'],
    ['GPT-4o', 'gpt-4o'],
    ['meta-llama/llama-3.1-8b-instruct:free', 'meta-llama/llama-3.1-8b-instruct'],
    ['meta-llama/llama-3.1-8b-instruct', 'meta-llama/Meta-Llama-3.1-8B-Instruct'],
    ['meta-llama/Llama-3.3-70B-Instruct', 'meta-llama/Llama-3.3-70B-Instruct-FP8'],
    ['accounts/fireworks/models/llama-v3p1-8b-instruct', 'llama-3.1-8b-instruct'],
    ['anthropic/claude-3.5-sonnet', 'claude-3-5-sonnet-20241022'],
    ['claude-3-5-sonnet-latest', 'claude-3-5-sonnet-20241022'],
    ['claude-3-5-sonnet', 'us.anthropic.claude-3-5-sonnet-20241022-v2:0'],
    ['claude-3-5-sonnet', 'claude-3-5-sonnet@20240620'],
    ['mistral-large-latest', 'mistral-large-2411'],
    ['command-r', 'command-r-08-2024'],
    ['gemini-2.0-flash', 'gemini-2.0-flash-001'],
    ['gemini-2.0-flash', 'models/gemini-2.0-flash'],
    ['deepseek-r1', 'deepseek/deepseek-r1-0528'],
    ['llama3.1', 'llama3.1:latest'],
    ['llama3.1:8b', 'llama3.1:8b-q4_K_M'],
    ['qwen2.5-7b-instruct', 'Qwen/Qwen2.5-7B-Instruct-AWQ'],
    ['qwen2.5-7b-instruct', 'Qwen2.5-7B-Instruct-GPTQ-Int4'],
    ['llama-3-8b', 'unsloth/llama-3-8b-bnb-4bit'],
    ['llama-3.1-8b-instruct', '/models/Llama-3.1-8B-Instruct'],
    ['llama-3.1-8b-instruct', 'C:\\models\\Llama-3.1-8B-Instruct-Q4_K_M.gguf'],
    ['llama-3.1-8b-instruct', 'Meta-Llama-3.1-8B-Instruct-GGUF'],
    ['llama-3.1-8b-instruct', 'llama-3.1-8b-instruct-quantized.w4a16'],
    ['ft:gpt-4o-mini-2024-07-18:acme::9abcDEF', 'ft:gpt-4o-mini-2024-07-18:acme::9abcDEF'],
    ['base', 'base-2026-08-06'],
  ];
  test.each(same)('%s is %s', (asked, answeredBy) => {
    expect(isSameModel(asked, answeredBy)).toBe(true);
    expect(isSameModel(answeredBy, asked)).toBe(true);
  });

  const others: [asked: string, answeredBy: string][] = [
    ['gpt-4o', 'gpt-4o-mini'],
    ['gpt-4o', 'gpt-4o-mini-2024-07-18'],
    ['openai/gpt-4o', 'openai/gpt-4o-mini'],
    ['gpt-4', 'gpt-4o'],
    ['gpt-4', 'gpt-4-turbo'],
    ['gpt-4', 'gpt-4.1'],
    ['gpt-4.1', 'gpt-4.1-nano'],
    ['gpt-4o-2024-05-13', 'gpt-4o-2024-08-06'],
    ['o1', 'o1-mini'],
    ['o1', 'o1-preview-2024-09-12'],
    ['llama-3-70b', 'llama-3-7b'],
    ['llama-3-70b', 'llama-3-8b'],
    ['llama-3-7b', 'llama-3-70b'],
    ['llama3.1:70b', 'llama3.1:8b'],
    ['llama3.1', 'llama3'],
    ['llama-3.1-8b', 'llama-3-18b'],
    ['llama-3.1-8b', 'llama-3.1-8b-instruct'],
    ['meta-llama/Llama-3.3-70B-Instruct-Turbo', 'meta-llama/Llama-3.3-70B-Instruct'],
    ['qwen2.5-1.5b', 'qwen2.5-15b'],
    ['qwen2.5-72b-instruct', 'qwen2.5-7b-instruct'],
    ['claude-3-opus', 'claude-3-haiku'],
    ['claude-3-5-sonnet', 'claude-3-7-sonnet-20250219'],
    ['gemini-1.5-flash', 'gemini-1.5-flash-8b'],
    ['mixtral-8x22b', 'mixtral-8x7b'],
    ['mistral-7b-instruct-v0.2', 'mistral-7b-instruct-v0.3'],
    ['meta-llama/Llama-3-8B', 'acme/Llama-3-8B'],
    ['model-fp8', 'model-int4'],
    ['base', 'base-ft-0123456789abcdef'],
  ];
  test.each(others)('%s is not %s', (asked, answeredBy) => {
    expect(isSameModel(asked, answeredBy)).toBe(false);
    expect(isSameModel(answeredBy, asked)).toBe(false);
  });

  test('has the same name only where nothing is left out', () => {
    expect(isSameName('acme/Tuned-0613', 'tuned-0613')).toBe(true);
    expect(isSameName('tuned-0613', 'tuned')).toBe(false);
  });
});
