/** Where spans of runs go is the user's own word: their settings, never a workspace's. */
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { agreementsOf, consequencesOf } from '../../../src/run/work/consequences.ts';
import { destinationText } from '../../../src/editor/settings/planText.ts';
import { otlpArguments, otlpInSettings } from '../../../src/vscode/base/otlp.ts';
import { sampleConfig } from '../../fakes/sampleConfig.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';

beforeEach(() => {
  resetFake();
});

describe('the settings of OpenTelemetry', () => {
  it('are of the machine: VS Code takes neither from a workspace', () => {
    const { contributes } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
      contributes: { configuration: { properties: Record<string, { scope: string; default: unknown }> }[] };
    };
    const own = Object.entries(Object.assign({}, ...contributes.configuration.map(({ properties }) => properties)));
    const scopes = own.filter(([name]) => name.startsWith('bettertogether.otlp.')) as [string, { scope: string }][];
    expect(scopes.map(([name, { scope }]) => [name, scope])).toEqual([
      ['bettertogether.otlp.url', 'machine'],
      ['bettertogether.otlp.content', 'machine'],
    ]);
  });

  it('are options of the command line', () => {
    expect(otlpArguments()).toEqual([]);
    fake.settings.set('otlp.url', 'http://127.0.0.1:6006/');
    expect(otlpArguments()).toEqual(['--otlp', 'http://127.0.0.1:6006/v1/traces']);
    fake.settings.set('otlp.content', true);
    expect(otlpArguments()).toEqual(['--otlp', 'http://127.0.0.1:6006/v1/traces', '--otlp-content']);
  });

  it('name themselves where they are wrong', () => {
    fake.settings.set('otlp.url', 'lens');
    expect(() => otlpInSettings()).toThrow('Setting bettertogether.otlp.url is not a URL: "lens"');
  });
});

describe('spans to another machine', () => {
  const to = (content: boolean) =>
    consequencesOf(sampleConfig, 'run', { url: 'https://lens.example/v1/traces', content });

  it('need consent, to contents apart', () => {
    expect(agreementsOf(to(false))).toContain('traces to lens.example');
    expect(agreementsOf(to(true))).toContain('traces with their contents to lens.example');
    const local = consequencesOf(sampleConfig, 'run', { url: 'http://127.0.0.1:4318/v1/traces', content: true });
    expect(agreementsOf(local)).toEqual(agreementsOf(consequencesOf(sampleConfig)));
  });

  it('are said where the editor says where data goes', () => {
    expect(destinationText(to(false))).toContain('without prompts, answers and rows');
    expect(destinationText(to(true))).toContain('Traces of program runs and calls go to lens.example: with prompts');
    expect(destinationText(to(false))).not.toContain('Nothing leaves this machine');
  });

  it('an estimate sends none', () => {
    const estimate = consequencesOf(sampleConfig, 'estimate', { url: 'https://lens.example/v1/traces', content: true });
    expect(estimate.tracesTo).toBeNull();
  });
});
