/** docs/contracts.md names what the code has: nothing less, and in its tables nothing more. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as hostProtocol from '../../../src/host/protocol.ts';
import { exitCode } from '../../../src/base/errors.ts';
import { configJsonSchema } from '../../../src/config/jsonSchema.ts';
import { runEventSchema } from '../../../src/protocol.ts';
import { tools } from '../../../src/tools/all.ts';
import { runFiles } from '../../../src/run/record/runFolder.ts';

const text = readFileSync(new URL('../../../docs/contracts.md', import.meta.url), 'utf8');

/** The part under a heading, up to the next one. */
function section(heading: string): string {
  const [, part] = text.split(new RegExp(`^#+ ${heading}$`, 'm'));
  if (part === undefined) throw new Error(`docs/contracts.md has no heading "${heading}"`);
  return part.split(/^#/m)[0]!;
}

/** The first cells of a table's rows, code and folders without their signs. */
function firstCells(part: string): readonly string[] {
  const cells = [...part.matchAll(/^\| *([^|]+?) *\|/gm)].map(([, cell]) => cell!);
  return cells.slice(2).map((cell) => cell.replaceAll('`', '').replace(/\/$/, ''));
}

const sorted = (names: Iterable<string>): readonly string[] => [...names].sort();

describe('docs/contracts.md', () => {
  it('lists every event', () => {
    const types = runEventSchema.options.map(({ shape }) => shape.type.value);
    expect(sorted(firstCells(section('Events')))).toEqual(sorted(types));
  });

  it('lists every file of a run', () => {
    const files = Object.values(runFiles('/run')).map((file) => basename(file));
    expect(sorted(firstCells(section('A run')))).toEqual(sorted(files));
  });

  it('lists every exit code', () => {
    const codes = [...section('Command line').matchAll(/^\| *(\d+) \|/gm)].map(([, code]) => Number(code));
    expect(codes).toEqual(Object.values(exitCode));
  });

  it('lists every message of the host protocol', () => {
    const methods = Object.values(hostProtocol).flatMap((value) =>
      typeof value === 'object' && 'method' in value ? [value.method] : [],
    );
    expect(methods.length).toBeGreaterThan(0);
    expect(sorted(firstCells(section('Host protocol')))).toEqual(sorted(methods));
  });

  it('lists every tool for agents, with its arguments and the keys of what it gives', () => {
    const rows = [...section('Tools for agents').matchAll(/^\| *`(\w+)` *\|([^|]*)\|([^|]*)\|/gm)];
    const names = (cell: string) => [...cell.matchAll(/`(\w+\??)`/g)].map(([, name]) => name!);
    const listed = rows.map(([, tool, given, keys]) => [tool, names(given!), names(keys!)]);
    const known = tools.map(({ name, input, output }) => [
      name,
      Object.entries(input.shape).map(([key, value]) => (value.safeParse(undefined).success ? `${key}?` : key)),
      Object.keys(output.shape),
    ]);
    expect(listed).toEqual(known);
  });

  it('lists every key of a program', () => {
    const schema = JSON.parse(JSON.stringify(configJsonSchema())) as {
      properties: { programs: { additionalProperties: { properties: Record<string, unknown> } } };
    };
    const listed = firstCells(section('`bettertogether.json`')).flatMap((cell) => cell.split(', '));
    expect(sorted(listed)).toEqual(sorted(Object.keys(schema.properties.programs.additionalProperties.properties)));
  });
});
