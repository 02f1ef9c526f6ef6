import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  commandIds,
  contextKeys,
  lensSettings,
  mcpProviderId,
  notificationSettings,
  offerToolsSettings,
  taskType,
  viewIds,
} from '../../../src/editor/names.ts';
import { commandTable } from '../../../src/vscode/commands/commandTable.ts';
import { registerCommands } from '../../../src/vscode/registerCommands.ts';
import { panelTypes } from '../../../src/vscode/panel/panels.ts';
import { tools, toolContribution } from '../../../src/tools/all.ts';
import { toolNames } from '../../../src/tools/base/names.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';
import { manifestIn } from '../../fakes/manifest.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const manifest = manifestIn();
const { contributes, capabilities, activationEvents } = manifest;
const declared = contributes.commands.map(({ command }) => command).sort();
const text = JSON.stringify(manifest);
const settings = contributes.configuration.flatMap(({ properties }) => Object.entries(properties));

beforeEach(resetFake);

describe('package.json', () => {
  it('declares every command that is registered, and registers every command it declares', () => {
    registerCommands({ get: () => Promise.reject(new Error('not wanted')) });
    expect([...fake.commands.keys()].sort()).toEqual(declared);
    expect(Object.values(commandIds).sort()).toEqual(declared);
    expect(Object.keys(commandTable).sort()).toEqual(Object.keys(commandIds).sort());
  });

  it('puts every command into one category, with a title in words', () => {
    for (const { category, title } of contributes.commands) {
      expect(category).toBe('BetterTogether');
      expect(title).toMatch(/^[A-Z][A-Za-z]+( [A-Za-z]+)*$/);
    }
  });

  it('names only commands and views that exist, in menus, welcome views and the walkthrough', () => {
    const named = [...text.matchAll(/command:(bettertogether\.[A-Za-z]+)\b(?!\.)/g)].map(([, id]) => id!);
    const inMenus = Object.values(contributes.menus).flatMap((items) =>
      items.flatMap((item) => ('command' in item ? [item.command] : [])),
    );
    const views = Object.values(viewIds) as string[];
    for (const id of [...named, ...inMenus]) expect([...declared, ...views]).toContain(id);
    expect(contributes.views.bettertogether.map(({ id }) => id).sort()).toEqual(views.toSorted());
    for (const { view } of contributes.viewsWelcome) expect(views).toContain(view);
  });

  it('binds keys to commands that exist, in its own views and files alone, and leaves the keys of Windows for characters alone', () => {
    for (const { command, key, when } of contributes.keybindings) {
      expect(declared).toContain(command);
      expect(when).toMatch(/focusedView == bettertogether\.|resourcePath in bettertogether\./);
      // AltGr is Ctrl+Alt there.
      expect(key).not.toContain('ctrl+alt');
    }
  });

  it('opens each submenu that a menu names', () => {
    const named = Object.values(contributes.menus).flatMap((items) =>
      items.flatMap((item) => ('submenu' in item ? [item.submenu] : [])),
    );
    expect([...new Set(named)]).toEqual(contributes.submenus.map(({ id }) => id));
    for (const { id } of contributes.submenus) expect(Object.keys(contributes.menus)).toContain(id);
  });

  it('leaves no text of its own untranslated, and what is for models and programs in English', () => {
    const german = manifestIn('de').contributes;
    const raw = readFileSync(join(root, 'package.json'), 'utf8');
    const shown = [
      ...contributes.commands.map(({ title }) => title),
      ...contributes.viewsWelcome.map(({ contents }) => contents),
      ...contributes.languageModelTools.flatMap(({ displayName, userDescription }) => [displayName, userDescription]),
      ...settings.map(([, { markdownDescription }]) => markdownDescription),
    ];
    for (const each of shown) expect(raw).not.toContain(JSON.stringify(each));
    expect(german.commands[0]?.title).toBe('Programm optimieren');
    const forModels = (all: typeof contributes) =>
      all.languageModelTools.map(({ modelDescription }) => modelDescription);
    expect(forModels(german)).toEqual(forModels(contributes));
  });

  it('links to the same commands in each language', () => {
    const linksOf = (all: typeof contributes) =>
      [
        ...all.viewsWelcome.map(({ contents }) => contents),
        ...all.walkthroughs[0]!.steps.map((one) => one.description),
      ].map((each) => [...each.matchAll(/\]\(([^)]*)\)/g)].map(([, link]) => link));
    expect(linksOf(manifestIn('de').contributes)).toEqual(linksOf(contributes));
  });

  it('asks only context keys that are kept up to date, and asks each of them', () => {
    const asked = new Set(
      [...text.matchAll(/"(?:when|enablement)":"([^"]*)"/g)].flatMap(([, clause]) =>
        [...clause!.matchAll(/(?<![=~/(|'] ?|config\.)\bbettertogether\.[A-Za-z]+/g)].map(([key]) => key),
      ),
    );
    const viewNames: readonly string[] = Object.values(viewIds);
    expect([...asked].filter((key) => !viewNames.includes(key)).sort()).toEqual(Object.values(contextKeys).sort());
  });

  it('offers what runs code only in a trusted window', () => {
    const runs = [
      commandIds.optimize,
      commandIds.evaluate,
      commandIds.resume,
      commandIds.testEndpoint,
      commandIds.setUpEmbedded,
    ];
    for (const id of runs) {
      expect(contributes.commands.find(({ command }) => command === id)?.enablement).toContain('isWorkspaceTrusted');
    }
    expect(capabilities.untrustedWorkspaces.supported).toBe('limited');
    expect(capabilities.virtualWorkspaces.supported).toBe(false);
    const keys = settings.map(([key]) => key);
    for (const key of capabilities.untrustedWorkspaces.restrictedConfigurations) expect(keys).toContain(key);
  });

  it('offers what begins with a program from the palette before the extension has looked for any', () => {
    for (const id of [commandIds.optimize, commandIds.evaluate, commandIds.compareStrategies]) {
      const clauses = [
        contributes.commands.find(({ command }) => command === id)?.enablement,
        contributes.menus.commandPalette.find(({ command }) => command === id)?.when,
      ];
      for (const clause of clauses)
        expect(clause).toMatch(/\(bettertogether\.hasPrograms \|\| !bettertogether\.looked\)$/);
    }
  });

  it('describes every setting and gives it a default, and the code reads no other', () => {
    for (const [, setting] of settings) {
      expect(setting).toHaveProperty('default');
      expect(setting.markdownDescription.length).toBeGreaterThan(20);
    }
    const source = readFileSync(join(root, 'src/vscode/base/settings.ts'), 'utf8');
    const read = [...source.matchAll(/(?:oneOf|settings\.get<unknown>)\(\s*'([^']+)'/g)].map(([, key]) => key!);
    expect(read.map((key) => `bettertogether.${key}`).sort()).toEqual(settings.map(([key]) => key).sort());
  });

  it('reads the values that the editor of settings offers, and no others', () => {
    const offered = Object.fromEntries(settings.map(([key, setting]) => [key, 'enum' in setting ? setting.enum : []]));
    expect(offered['bettertogether.lenses']).toEqual(lensSettings);
    expect(offered['bettertogether.notifications.runEnd']).toEqual(notificationSettings);
    expect(offered['bettertogether.agents.offerTools']).toEqual(offerToolsSettings);
  });

  it('contributes every tool for language models as the tools say it, and the MCP server', () => {
    expect(contributes.languageModelTools).toEqual(tools.map(toolContribution));
    expect(tools.map(({ name }) => name)).toEqual([...toolNames]);
    expect(contributes.mcpServerDefinitionProviders.map(({ id }) => id)).toEqual([mcpProviderId]);
  });

  it('restores panels, defines the task type and activates on nothing wider than languages and own files', () => {
    for (const type of Object.values(panelTypes)) expect(activationEvents).toContain(`onWebviewPanel:${type}`);
    expect(contributes.taskDefinitions.map(({ type }) => type)).toEqual([taskType]);
    for (const event of activationEvents)
      expect(event).toMatch(/^(workspaceContains:(?!\*)|onLanguage:|onNotebook:jupyter-notebook$|onWebviewPanel:)/);
  });

  it('has its pictures, which use colours of the theme', () => {
    const media = [...text.matchAll(/"(media\/[^"]+)"/g)].map(([, file]) => file!);
    expect(media.length).toBeGreaterThan(5);
    for (const file of media) expect(existsSync(join(root, file)), file).toBe(true);
    for (const file of readdirSync(join(root, 'media')).filter((name) => name.startsWith('walkthrough'))) {
      const svg = readFileSync(join(root, 'media', file), 'utf8');
      expect(svg).toContain('var(--vscode-');
      expect(svg.replaceAll(/var\([^)]*(\([^)]*\))?[^)]*\)/g, '')).not.toMatch(/(fill|stroke)="#/);
    }
  });

  it('has a walkthrough of four steps that each can be completed', () => {
    const [walkthrough] = contributes.walkthroughs;
    expect(walkthrough?.steps).toHaveLength(4);
    for (const { completionEvents } of walkthrough!.steps) expect(completionEvents.length).toBeGreaterThan(0);
  });
});
