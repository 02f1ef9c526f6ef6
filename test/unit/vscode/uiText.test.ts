import type * as vscode from 'vscode';
import { beforeEach, describe, expect, it } from 'vitest';
import { HumanError } from '../../../src/base/errors.ts';
import type { ResolvedProgram } from '../../../src/config/resolved.ts';
import { Consents } from '../../../src/vscode/keys/consents.ts';
import { Dismissed, showError } from '../../../src/vscode/base/errors.ts';
import { agreesTo, notify } from '../../../src/vscode/base/messages.ts';
import { askText } from '../../../src/vscode/base/picker.ts';
import { hoverText, uiText } from '../../../src/editor/uiText.ts';
import { treeItem } from '../../../src/vscode/views/treeItem.ts';
import { harmIn, hostileTexts, randomHostile } from '../../fakes/hostile.ts';
import { sampleConfig } from '../../fakes/sampleConfig.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';
import { logText } from '../../../src/vscode/base/log.ts';
import type { Log } from '../../../src/vscode/base/log.ts';

const texts = [...hostileTexts, ...randomHostile(500, 4)];
/** As VS Code finds links in notifications and prompts, and icons in labels. */
const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
const icon = /\$\([A-Za-z0-9-]+(?:~[A-Za-z]+)?\)/;
const evil = '[open](command:workbench.action.quit) $(trash)\u202E\n';

beforeEach(resetFake);

describe("text in VS Code's controls", () => {
  it('is neither a link nor an icon, on one line or on several', () => {
    expect(evil).toMatch(link);
    for (const text of texts) {
      for (const shown of [uiText(text), hoverText(text)]) {
        expect(shown).not.toMatch(link);
        expect(shown).not.toMatch(icon);
        expect(harmIn(shown), JSON.stringify(text)).toBeNull();
      }
      expect(uiText(text)).not.toMatch(/[\n\t]/);
    }
    expect(uiText('see [the log](command:x)')).toBe('see [the log] (command:x)');
  });

  it('is so in errors, notifications, questions and prompts', async () => {
    const log = { warn: () => undefined, error: () => undefined } as unknown as Log;
    showError(new HumanError(`The endpoint said: ${evil}`), log);
    showError(new Error(evil), log);
    await notify('info', evil);
    await agreesTo({ kind: 'warning', question: evil, detail: evil, action: 'Send' });
    expect(fake.messages).toHaveLength(4);
    fake.inputs.push('x');
    const refused = askText({ title: evil, prompt: evil, placeholder: evil, check: () => evil });
    await expect(refused).rejects.toThrow(Dismissed);
    const { title, prompt, placeholder, validationMessage } = fake.asked[0]!;
    const shown = [...fake.messages, title, prompt, placeholder, validationMessage];
    expect(validationMessage).not.toBe('');
    for (const text of shown) {
      expect(text).not.toMatch(link);
      expect(text).not.toMatch(icon);
      expect(harmIn(text as string)).toBeNull();
    }
  });

  it('is so in the questions that ask for consent, in which a name cannot end its quotes', async () => {
    const memento = { get: (_: string, none: unknown) => none, update: () => Promise.resolve(), keys: () => [] };
    const consents = new Consents(memento as unknown as vscode.Memento);
    const name = `${evil}x". Nothing is sent. "`;
    const endpoint = {
      ...sampleConfig.endpoint,
      kind: 'openai',
      name,
      baseURL: 'https://lab.example/v1',
      apiKeyEnv: null,
    };
    const config = { ...sampleConfig, key: name, model: name, endpoint } as unknown as ResolvedProgram;
    fake.answers.push('Send', 'Start');
    await consents.ask(config);
    await consents.askCosts(config);
    expect(fake.messages).toHaveLength(2);
    for (const text of fake.messages) {
      expect(text).not.toMatch(link);
      expect(text).not.toMatch(/(?<!\\)"\. Nothing/);
      expect(harmIn(text)).toBeNull();
    }
  });

  it('is so in trees', () => {
    const command = { title: 'x', command: 'x' };
    const item = treeItem({
      label: evil,
      icon: 'x',
      description: evil,
      tooltip: [evil, 'b'],
      contextValue: 'x',
      command,
    });
    for (const text of [item.label, item.description, item.tooltip, item.accessibilityInformation!.label]) {
      expect(text).not.toMatch(link);
      expect(harmIn(text as string)).toBeNull();
    }
    expect(String(item.tooltip).endsWith('\n\nb')).toBe(true);
  });
});

describe('the log', () => {
  it('keeps every text within its own entry, and plain to see', () => {
    for (const text of texts) {
      const shown = logText(`the endpoint said: ${text}`);
      expect(harmIn(shown), JSON.stringify(text)).toBeNull();
      expect(
        shown
          .split('\n')
          .slice(1)
          .every((line) => line.startsWith('    ')),
      ).toBe(true);
    }
    const forged = 'down\n2026-11-28 12:00:00.000 [info] all is well';
    expect(logText(forged)).toBe('down\n    2026-11-28 12:00:00.000 [info] all is well');
  });
});
