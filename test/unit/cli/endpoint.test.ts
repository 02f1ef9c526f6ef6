import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { FakeCall, FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { reportEndpoint } from '../../../src/run/work/reportEndpoint.ts';
import type { EndpointRequest } from '../../../src/run/work/request.ts';
import { endpointReportSchema } from '../../../src/view/endpointReport.ts';
import { cli, makeWorkspace } from './workspace.ts';

let fakes: FakeEndpoint[] = [];
afterEach(async () => {
  for (const fake of fakes) await fake.close();
  fakes = [];
});

/** A workspace whose endpoint "local" is a fake that refuses top_p and JSON of any kind. */
async function withFake(answer: (call: FakeCall) => ReturnType<typeof reply> = reply) {
  const fake = await startFakeEndpoint({ models: ['m', 'other'], answer });
  fakes.push(fake);
  const folder = makeWorkspace();
  const file = join(folder, 'bettertogether.json');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('http://127.0.0.1:8000/v1', fake.baseURL));
  return { fake, folder };
}

function reply({ body }: FakeCall) {
  const refusal = (message: string) => ({ text: null, status: 400, raw: { error: { message } } });
  if ('top_p' in body) return refusal("Unsupported parameter: 'top_p' is not supported with this model.");
  const format = body['response_format'] as { readonly type?: string } | undefined;
  if (format?.type === 'json_object') return refusal("'response_format.type' must be 'json_schema' or 'text'");
  return format === undefined ? 'Hello' : '{"zyxtrim": true}';
}

const wishes = { compose: { reportEndpoint } };

describe('endpoint', () => {
  it('tells what it is, what it takes, what it lacks and what to change, in words', async () => {
    const { folder, fake } = await withFake();
    const { code, out } = await cli(folder, ['endpoint', 'local'], wishes);
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toBe(`endpoint "local": ${fake.baseURL}, no key`);
    expect(lines[1]).toBe('it lists 2 models: m, other');
    expect(lines[2]).toMatch(/^model "m" \(fake\), answers in \d+ ms$/);
    expect(lines[3]).toMatch(
      /^ {2}takes: temperature, seed, stop, max_tokens, response_format json_schema, system role/,
    );
    expect(out).toContain('lacks: top_p: it does not take top_p for this model');
    expect(out).toContain("(it said: 400 Unsupported parameter: 'top_p' is not supported with this model.)");
    expect(out).toContain('lacks: response_format json_object: ');
    expect(out).toContain('change: "sampling": { "topP": null } of the programs that ask "m"');
    expect(out).toMatch(/\d short calls to find this out; it is remembered/);
  });

  it('gives the same as JSON, and does not find out again what it knows', async () => {
    const { folder } = await withFake();
    const first = endpointReportSchema.parse(
      JSON.parse((await cli(folder, ['endpoint', 'local', '--json'], wishes)).out),
    );
    expect(first.models[0]!.lacks.map(({ part }) => part)).toEqual(
      expect.arrayContaining(['top_p', 'response_format json_object']),
    );
    const again = endpointReportSchema.parse(
      JSON.parse((await cli(folder, ['endpoint', 'local', '--json'], wishes)).out),
    );
    expect(again.models[0]).toEqual({ ...first.models[0], milliseconds: again.models[0]!.milliseconds });
    // Whether it answers now is asked each time.
    expect([first.calls, again.calls]).toEqual([5, 1]);
  });

  it('names a model that is not there, and what it said', async () => {
    const { folder } = await withFake();
    const { out } = await cli(folder, ['endpoint', 'local', '--model', 'gone'], wishes);
    expect(out).toMatch(/model "gone".* does not answer: .*it does not know model "gone"/);
    expect(out).toContain('change: "model": it does not list "gone"');
  });

  it('asks before a key leaves this machine, names it and where it goes, and sends nothing where nobody can be asked', async () => {
    const asked: EndpointRequest[] = [];
    const report = (request: EndpointRequest) => {
      asked.push(request);
      return Promise.reject(new Error('asked'));
    };
    const nobody = await cli(makeWorkspace(), ['endpoint', 'lab'], { compose: { reportEndpoint: report } });
    expect(nobody.code).toBe(2);
    expect(nobody.err).toContain('A few short questions go to api.example.com');
    expect(nobody.err).toContain('--yes');
    const no = await cli(makeWorkspace(), ['endpoint', 'lab'], {
      interactive: true,
      compose: { reportEndpoint: report },
    });
    expect([no.code, no.questions.length]).toEqual([2, 1]);
    expect(asked).toEqual([]);
    await cli(makeWorkspace(), ['endpoint', 'lab', '--yes'], { compose: { reportEndpoint: report } });
    expect(asked).toMatchObject([{ endpoint: { name: 'lab' }, models: ['m'] }]);
  });

  it('exits 2 for an endpoint that is not there, and for the embedded one', async () => {
    for (const [name, says] of [
      ['nowhere', 'There is no endpoint "nowhere"'],
      ['embedded', 'comes with BetterTogether'],
    ] as const) {
      const { code, err } = await cli(makeWorkspace(), ['endpoint', name], wishes);
      expect(code).toBe(2);
      expect(err).toContain(says);
    }
  });
});
