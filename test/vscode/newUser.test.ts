/**
 * A new user with a program in DSPy, as most write them: signatures are classes, the metric is code, the rows hold more than
 * inputs, nothing is configured, and the endpoint only answers. From the palette to the state in their own Python, without
 * a line of JSON. One window, so the steps follow each other.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeCall, FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { dspyPython } from '../system/dspyPython.ts';
import { launchBrowser } from './browser.ts';
import { startCodeServer } from './codeServer.ts';
import type { CodeServer } from './codeServer.ts';
import { stepsOf } from './steps.ts';
import { eventsOf, openWindow } from './window.ts';
import type { Workbench } from './workbench.ts';

const long = { timeout: 120_000 };
const queues = ['billing', 'technical', 'sales'] as const;

const program = `from typing import Literal

import dspy


class Gist(dspy.Signature):
    """Say in a few words what a ticket is about."""

    ticket: str = dspy.InputField()
    gist: str = dspy.OutputField()


class Route(dspy.Signature):
    """Choose the queue for a ticket."""

    ticket: str = dspy.InputField()
    gist: str = dspy.InputField()
    queue: Literal['billing', 'technical', 'sales'] = dspy.OutputField()


class Triage(dspy.Module):
    def __init__(self):
        super().__init__()
        self.summarise = dspy.Predict(Gist)
        self.route = dspy.Predict(Route)

    def forward(self, ticket):
        gist = self.summarise(ticket=ticket).gist
        return self.route(ticket=ticket, gist=gist)


def right_queue(example, prediction, trace=None):
    return example.queue == prediction.queue
`;

/** Every third ticket is known, two of three where demos are shown. */
function answer({ messages }: FakeCall): string {
  const asked = messages.at(-1)!.content;
  const number = Number(/ticket number (\d+)/.exec(asked)![1]);
  const field = /starting with the field `\[\[ ## (\w+) ## \]\]`/.exec(asked)![1]!;
  const knows = number % 3 === 0 || (messages.length > 2 && number % 3 === 1);
  const value = field === 'gist' ? `about ${number}` : queues[(number + (knows ? 0 : 1)) % 3];
  return `[[ ## ${field} ## ]]\n${value}\n\n[[ ## completed ## ]]`;
}

let endpoint: FakeEndpoint;
let browser: Browser;
let server: CodeServer;
let folder: string;
let window: Workbench;

beforeAll(async () => {
  endpoint = await startFakeEndpoint({
    answer,
    models: ['base'],
    // As vLLM, Ollama and most servers: there is nothing to train with.
    intercept: ({ url = '' }, response) => {
      if (!/^\/v1\/(files|fine_tuning)/.test(url)) return false;
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"detail":"Not Found"}');
      return true;
    },
  });
  folder = mkdtempSync(join(tmpdir(), 'bt-new-user-'));
  writeFileSync(join(folder, 'triage.py'), program);
  const rows = Array.from({ length: 48 }, (_, i) => ({
    ticket: `ticket number ${i}`,
    queue: queues[i % 3],
    urgent: i % 2 === 0,
  }));
  writeFileSync(join(folder, 'tickets.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  browser = await launchBrowser();
  server = await startCodeServer({ trusted: true, env: { BETTERTOGETHER_PYTHON: dspyPython() } });
  window = await openWindow(browser, server, folder);
  await window.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await endpoint?.close();
  rmSync(folder, { recursive: true, force: true });
});

stepsOf(() => ({ window, server }));

const configured = () => JSON.parse(readFileSync(join(folder, 'bettertogether.json'), 'utf8')).programs.triage;

it('finds the command in the palette before any file is open, and is asked for rows, metric and endpoint', async () => {
  // A palette that is opened before VS Code has read the extension does not have it.
  await expect.poll(() => window.offers('Optimize Program'), { timeout: 60_000 }).toBe(true);
  for (const command of ['Evaluate Program', 'Compare Strategies']) expect(await window.offers(command)).toBe(true);
  await window.run('BetterTogether: Optimize Program');
  await window.question('Rows to optimize on').waitFor();
  await window.pick('tickets.jsonl');
  // What the program is called with, the source says: the next question is the metric.
  await window.question('decides whether an answer is right').waitFor();
  const metrics = await window.choices();
  expect(metrics[0]).toMatch(/^right_queue/);
  expect(metrics[1]).toMatch(/^exactMatch:queue/);
  expect(metrics.join('\n')).not.toMatch(/:ticket/);
  await window.screenshot('new-user-metric');
  await window.pick(/^right_queue/);
  await window.pick('Another OpenAI-compatible endpoint');
  await window.answer('Base URL of the endpoint', endpoint.baseURL);
});

it('is told that the endpoint cannot train before it chooses a strategy, and again at the price', async () => {
  await window.question('p searches for better prompts').waitFor();
  const [first] = await window.choices();
  expect(first).toMatch(/prompts only: no training/);
  await window.page.getByText('this endpoint cannot train').waitFor();
  await window.screenshot('new-user-strategy');
  await window.pick('prompts, then weights');
  await expect.poll(async () => (await window.choices())[0], long).toMatch(/Search prompts alone/);
  const choices = (await window.choices()).join('\n');
  expect(choices).toContain('This cannot be trained');
  expect(choices).not.toMatch(/^Start/m);
  await window.screenshot('new-user-cannot-train');
  // A line of the picker holds but the beginning of it.
  await window.pick('This cannot be trained');
  await window.notification(/fine-tuning jobs.*--strategy p/s).waitFor();
  await expect.poll(async () => (await window.choices())[0], long).toMatch(/Search prompts alone/);
  await window.pick('Search prompts alone');
  await expect.poll(async () => (await window.choices())[0], long).toMatch(/Start.*about \d/s);
  expect(configured()).toMatchObject({ strategy: 'p', inputs: ['ticket'], metric: 'triage.py#right_queue' });
});

it('starts the run, which finishes better than the program was', async () => {
  await window.pick('Start');
  await expect.poll(() => eventsOf(folder), { timeout: 180_000 }).toContain('"type":"run.finished"');
  await window.webview().getByText('Finished').waitFor();
  await window.screenshot('new-user-finished');
  const finished = JSON.parse(eventsOf(folder).trim().split('\n').at(-1)!);
  expect(finished.result.best).toBe('p');
});

it('exports the state, and the code that was copied loads it in Python', async () => {
  await window.closeNotifications();
  await window.run('BetterTogether: Export Program');
  await window.pick('Module.load');
  await window.takeProposed('Export triage');
  const told = window.notification('Exported to triage');
  await told.waitFor(long);
  await told.getByRole('button', { name: 'Copy Code That Loads It' }).click();
  const clipboard = () => window.page.evaluate<string>('navigator.clipboard.readText()');
  await expect.poll(clipboard).toContain('program.load(');
  writeFileSync(join(folder, 'use.py'), `${await clipboard()}\nprint(program(ticket='ticket number 4').queue)\n`);
  // The endpoint is in this process, which must not wait idly.
  const { stdout: printed } = await promisify(execFile)(dspyPython(), ['use.py'], { cwd: folder });
  // Known only with the demos that were found.
  expect(printed.trim()).toBe(queues[4 % 3]);
});

it('is offered to choose the inputs where those that are configured do not fit', async () => {
  const file = join(folder, 'bettertogether.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"ticket"', '"queue"'));
  await window.closeNotifications();
  await expect.poll(async () => configured().inputs).toEqual(['queue']);
  await window.run('BetterTogether: Optimize Program');
  const error = window.notification(/does not take the inputs/);
  await error.waitFor(long);
  await window.screenshot('new-user-inputs-error');
  // The error alone, without what was said before it.
  expect(await error.locator('.notification-list-item-message').innerText()).toMatch(/^Trying|^Triage\.forward/);
  await error.getByRole('button', { name: 'Choose the Inputs…' }).click();
  await window.question('Which fields is the program called with').waitFor();
  await window.screenshot('new-user-inputs');
  await window.take('Which fields is the program called with');
  await expect.poll(async () => (await window.choices())[0], long).toMatch(/Start.*about \d/s);
  expect(configured().inputs).toEqual(['ticket']);
});
