import { parse } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { mayTrain } from '../../../src/config/steps.ts';
import { strategyChoices } from '../../../src/vscode/optimize/strategies.ts';
import { comparableStrategies } from '../../../src/vscode/commands/compareStrategies.ts';
import { sampleConfig } from '../../fakes/sampleConfig.ts';
import { installedPackage, quietAboutZod, withPaths } from '../../../src/vscode/commands/sdkTypes.ts';

describe('strategyChoices', () => {
  const labels = (noTraining: string | null, before?: string) =>
    strategyChoices(before, noTraining).map(({ label }) => label);

  it('begins with what is configured, else with the best on average', () => {
    expect(labels(null)[0]).toBe('p -> w -> p');
    expect(labels(null, 'w').slice(0, 2)).toEqual(['w', 'p -> w -> p']);
  });

  it('has the steps of the program, with what they are, behind the usual ones', () => {
    const steps = {
      mine: { kind: 'custom', optimizer: 'o.ts#mine', runs: 4 },
      simba: { kind: 'dspy', optimizer: 'p.py#make', calls: 9 },
      slow: { kind: 'w' },
    } as const;
    const choices = strategyChoices(undefined, null, steps);
    const own = choices.slice(labels(null).length);
    expect(own.map(({ label }) => label)).toEqual([
      ...['mine', 'mine -> w', 'mine -> w -> mine'],
      ...['simba', 'simba -> w', 'simba -> w -> simba'],
      ...['slow', 'p -> slow', 'p -> slow -> p'],
    ]);
    expect(own[1]).toMatchObject({ description: 'own optimizer "mine", then fine-tuning' });
    expect(own[4]).toMatchObject({ description: 'DSPy optimizer "simba", then fine-tuning' });
    const untrained = strategyChoices(undefined, 'cannot train', steps).map(({ label }) => label);
    expect(untrained.slice(0, 6)).toEqual(['p', 'gepa', 'mine', 'mipro', 'simba', 'p -> p']);
  });

  it('begins with prompts alone where the endpoint cannot train, and says so of the others', () => {
    const choices = strategyChoices('p -> w', 'cannot train');
    expect(choices.slice(0, 4).map(({ label }) => label)).toEqual(['p', 'gepa', 'mipro', 'p -> p']);
    expect(choices[4]).toMatchObject({ label: 'this endpoint cannot train' });
    expect(choices[4]).not.toHaveProperty('value');
    for (const { label } of choices.slice(5)) expect(mayTrain(label, {})).toBe(true);
    expect(choices).toHaveLength(labels(null, 'p -> w').length + 1);
  });
});

describe('strategies to compare', () => {
  it('have the words beside them that Optimize has', () => {
    const compared = comparableStrategies({ ...sampleConfig, strategy: ['p', 'w', 'p', 'w'] });
    const offered = new Map(strategyChoices(undefined, null).map(({ value, description }) => [value, description]));
    expect(compared.find(({ label }) => label === 'baseline')?.description).toBe('the program as it is written');
    expect(compared.find(({ value }) => value === 'p -> w -> p -> w')?.description).toBe('as configured');
    const both = compared.filter(({ value }) => offered.has(value));
    expect(both.length).toBeGreaterThan(5);
    for (const { value, description } of both) expect(description).toBe(offered.get(value));
  });
});

describe('types of the SDK', () => {
  it('adds one paths entry and keeps the rest of tsconfig.json', () => {
    const text = '{\n  // strict\n  "compilerOptions": { "strict": true }\n}\n';
    const changed = withPaths(text, './.bettertogether/types/program/sdk.d.ts');
    expect(changed).toContain('// strict');
    expect(parse(changed)).toEqual({
      compilerOptions: { strict: true, paths: { bettertogether: ['./.bettertogether/types/program/sdk.d.ts'] } },
    });
    expect(parse(withPaths(null, 'x'))).toMatchObject({
      compilerOptions: { module: 'NodeNext', paths: { bettertogether: ['x'] } },
    });
  });

  it('say nothing about zod where it is not installed', () => {
    expect(quietAboutZod("import type * as z from 'zod';\n")).toMatch(/^\/\/ @ts-nocheck\nimport/);
    expect(quietAboutZod('export {};\n')).toBe('export {};\n');
  });

  it('sees no installed package where there is none', () => {
    expect(installedPackage('/nowhere/at/all/program.ts')).toBeNull();
  });
});
