import tseslint from 'typescript-eslint';
import importX from 'eslint-plugin-import-x';

/** Which folders of src a folder may import from, besides itself. The house of ARCHITECTURE.md, enforced. */
const layers = {
  base: [],
  data: ['base'],
  wire: ['base', 'data'],
  home: ['base', 'data'],
  loopback: ['base', 'data'],
  'protocol.ts': ['base', 'data'],
  'comparison.ts': ['base', 'data', 'protocol.ts'],
  viewProtocol: ['base', 'data', 'protocol.ts', 'comparison.ts', 'view'],
  otlp: ['base', 'data', 'protocol.ts'],
  view: ['base', 'data', 'wire', 'protocol.ts', 'comparison.ts'],
  notebook: ['base', 'data'],
  engine: ['base', 'data', 'protocol.ts'],
  program: ['base', 'data', 'wire', 'home'],
  host: ['base', 'data', 'notebook', 'engine', 'program'],
  lm: ['base', 'data', 'wire', 'home', 'engine'],
  finetune: ['base', 'data', 'wire', 'home', 'engine', 'lm'],
  embedded: ['base', 'data', 'home', 'loopback'],
  // Of the SDK the list of prompt formats, of back ends what their settings say.
  config: ['base', 'data', 'protocol.ts', 'engine', 'program/formats', 'finetune/settings.ts'],
  detect: ['base', 'data', 'notebook'],
  run: [
    ...['base', 'data', 'wire', 'home', 'protocol.ts', 'comparison.ts', 'view', 'engine', 'host', 'lm', 'finetune'],
    ...['embedded', 'config', 'notebook', 'otlp'],
  ],
  report: [...['base', 'data', 'protocol.ts', 'comparison.ts', 'viewProtocol', 'view', 'run', 'page']],
  cli: [
    'base',
    'data',
    'notebook',
    'home',
    'protocol.ts',
    'comparison.ts',
    'view',
    'engine',
    'embedded',
    'config',
    'run',
    'otlp',
    'report',
    'detect',
    'tools',
  ],
  editor: [
    'base',
    'data',
    'home',
    'loopback',
    'notebook',
    'protocol.ts',
    'comparison.ts',
    'view',
    'engine',
    'config',
    'run',
    'otlp',
    'detect',
  ],
  page: [
    ...['base', 'data', 'home', 'protocol.ts', 'comparison.ts', 'viewProtocol', 'view', 'engine', 'lm', 'config'],
    ...['run', 'editor'],
  ],
  tools: [
    ...['base', 'data', 'home', 'protocol.ts', 'viewProtocol', 'view', 'engine', 'config', 'run', 'detect'],
    ...['editor', 'page'],
  ],
  vscode: [
    'base',
    'data',
    'notebook',
    'home',
    'protocol.ts',
    'comparison.ts',
    'view',
    'engine',
    'config',
    'run',
    'otlp',
    'report',
    'detect',
    'editor',
    'page',
    'tools',
  ],
  'extension.ts': ['base', 'vscode'],
};

const zones = Object.entries(layers).map(([layer, allowed]) => ({
  target: `./src/${layer}`,
  from: './src',
  except: [layer, ...allowed].map((name) => `./${name}`),
  message: `src/${layer} may import only from: ${[layer, ...allowed].join(', ')}.`,
}));

/**
 * Every folder of a folder, in an order in which each takes only from those above it, and none of the files beside them
 * but those named: those put the folders together. A folder that is not here has none.
 */
const groups = {
  'engine/optimizers': { fewShot: [], fineTune: [], custom: [], gepa: [], mipro: [], grpo: [] },
  program: { values: [], formats: ['values'], runtime: ['formats'], retrieval: ['runtime'] },
  'host/node': { reads: [], source: [] },
  finetune: {
    base: [],
    serving: ['base'],
    openai: ['base', 'serving'],
    command: ['base', 'serving'],
    ray: ['base', 'serving'],
    together: ['base', 'serving'],
    fireworks: ['base', 'serving'],
  },
  embedded: {
    setup: [],
    files: [],
    models: ['setup'],
    llama: ['setup'],
    forms: ['setup', 'models', 'llama'],
    jobs: ['setup', 'files', 'models', 'llama'],
    routes: ['files', 'models', 'llama', 'jobs'],
  },
  detect: { lowering: [], base: ['lowering'], evaluation: ['lowering', 'base'] },
  run: {
    record: [],
    surroundings: [],
    code: [],
    export: ['record', 'code'],
    reading: ['record'],
    tracing: ['record'],
    services: ['record', 'surroundings'],
    weights: ['record', 'code', 'services'],
    prune: ['record', 'reading', 'services'],
    data: ['record', 'services'],
    work: ['record', 'surroundings', 'reading', 'tracing', 'services', 'data', 'doctor'],
    compare: ['record', 'surroundings', 'services', 'data', 'work'],
    rows: ['record', 'reading', 'data'],
    adopt: ['record', 'surroundings', 'reading', 'compare'],
    allow: ['record', 'reading', 'work', 'adopt'],
    doctor: ['code', 'services'],
    text: ['code', 'work', 'adopt', 'doctor'],
  },
  tools: { base: [], reading: ['base'], work: ['base', 'reading'] },
  cli: { base: [], mcp: ['base'], commands: ['base', 'mcp'] },
  editor: { items: ['names.ts'], settings: [], processes: [], models: [], tests: ['items'] },
  vscode: {
    base: [],
    keys: ['base'],
    processes: ['base'],
    models: ['base'],
    runs: ['base', 'keys'],
    programs: ['base', 'runs'],
    panel: ['base'],
    views: ['base', 'runs', 'programs'],
    session: ['base', 'keys', 'models', 'runs', 'programs', 'panel'],
    optimize: ['base', 'keys', 'processes', 'models', 'programs', 'session'],
    testing: ['base', 'processes', 'programs', 'session', 'optimize'],
    commands: ['base', 'keys', 'processes', 'models', 'runs', 'programs', 'panel', 'session', 'optimize'],
    tools: ['base', 'keys', 'processes', 'runs', 'session'],
  },
};

for (const [layer, inside] of Object.entries(groups)) {
  for (const [group, allowed] of Object.entries(inside)) {
    zones.push({
      target: `./src/${layer}/${group}`,
      from: `./src/${layer}`,
      except: [group, ...allowed].map((name) => `./${name}`),
      message: `src/${layer}/${group} may import of src/${layer} only: ${[group, ...allowed].join(', ')}.`,
    });
  }
}

/** The page in the webview knows what is said to it, what runs add up to and the words for it, and nothing else of ours. */
zones.push({
  target: './webview',
  from: './src',
  except: ['./base/l10n.ts', './base/placeText.ts', './protocol.ts', './comparison.ts', './viewProtocol', './view'],
  message:
    'webview may import only src/base/l10n.ts, src/base/placeText.ts, src/view, src/protocol.ts, src/comparison.ts and src/viewProtocol.',
});

/**
 * Places that text from elsewhere reaches through one module only, which escapes it (SECURITY.md, "Hostile text"): what
 * calls the place, and the files that may.
 */
const sinks = [
  {
    calls: 'MemberExpression[object.name="process"][property.name=/^(stdout|stderr)$/]',
    message: 'A terminal takes only ScreenText: use Terminal or Screen.',
    // The others print to a pipe or a file of another process of ours.
    only: ['cli/base/terminal.ts', 'embedded/main.ts', 'host/node/guards.ts', 'run/services/superviseMain.ts'],
  },
  {
    calls: 'VariableDeclarator[init.name="process"] > ObjectPattern > Property[key.name=/^(stdout|stderr)$/]',
    message: 'A terminal takes only ScreenText: use Terminal or Screen.',
    only: ['cli/base/terminal.ts'],
  },
  {
    calls: 'MemberExpression[object.name="console"]',
    message: 'A terminal takes only ScreenText: use Terminal or Screen.',
    // The SDK in a process of the user's own.
    only: ['program/predict.ts'],
  },
  {
    calls:
      'Identifier[name=/^show(Error|Warning|Information)Message$/], MemberExpression[property.name="withProgress"]',
    message: 'What is in a notification can be a live link: use vscode/base/messages.ts.',
    only: ['vscode/base/messages.ts'],
  },
  {
    calls: 'Identifier[name=/^(createQuickPick|showQuickPick|createInputBox|showInputBox)$/]',
    message: 'What is in a picker can be a live link or an icon: use vscode/base/picker.ts.',
    only: ['vscode/base/picker.ts'],
  },
  {
    calls: 'MemberExpression[property.name="createOutputChannel"]',
    message: 'Use vscode/base/log.ts, which escapes entries.',
    only: ['vscode/base/log.ts'],
  },
  {
    calls: 'NewExpression[callee.property.name="TreeItem"]',
    message: 'Use vscode/views/treeItem.ts, which escapes labels and tooltips.',
    only: ['vscode/views/treeItem.ts'],
  },
  {
    calls: 'MemberExpression[property.name="createTestItem"]',
    message: 'Use vscode/testing/testTree.ts, which escapes labels.',
    only: ['vscode/testing/testTree.ts'],
  },
  {
    calls: 'NewExpression[callee.property.name="TestMessage"], MemberExpression[property.name="appendOutput"]',
    message: 'Use vscode/testing/testResults.ts, which escapes messages and output.',
    only: ['vscode/testing/testResults.ts'],
  },
  {
    calls: 'NewExpression[callee.property.name="CodeLens"]',
    message: 'Use vscode/views/lensProvider.ts, which escapes titles and tooltips.',
    only: ['vscode/views/lensProvider.ts'],
  },
  {
    calls: 'NewExpression[callee.property.name="Task"]',
    message: 'Use vscode/runs/runTask.ts or vscode/base/visibleProgram.ts, which escape names.',
    only: ['vscode/runs/runTask.ts', 'vscode/base/visibleProgram.ts'],
  },
  {
    calls: 'MemberExpression[property.name=/^(createStatusBarItem|setStatusBarMessage)$/]',
    message: 'Use vscode/views/statusBar.ts, which escapes texts.',
    only: ['vscode/views/statusBar.ts'],
  },
  {
    calls: 'MemberExpression[property.name="createWebviewPanel"]',
    message: 'Use vscode/panel/panels.ts, which escapes titles.',
    only: ['vscode/panel/panels.ts'],
  },
  {
    calls: 'NewExpression[callee.property.name="MarkdownString"]',
    message: 'Show plain text: what is in Markdown can be a live link.',
    only: [],
  },
  {
    calls: 'MemberExpression[property.name="sendText"]',
    message: 'What is typed into a terminal is run.',
    only: [],
  },
  {
    calls: 'MemberExpression[property.name="createTerminal"]',
    message: 'Use vscode/base/visibleProgram.ts, which starts a program without a shell.',
    only: [],
  },
];

/** For each file, all sinks but its own. */
const sinkRules = [undefined, ...new Set(sinks.flatMap(({ only }) => only))].map((file) => ({
  files: [file === undefined ? 'src/**/*.ts' : `src/${file}`],
  rules: {
    'no-restricted-syntax': [
      'error',
      ...sinks
        .filter(({ only }) => file === undefined || !only.includes(file))
        .map(({ calls, message }) => ({ selector: calls, message })),
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'coverage', 'test/goldens', 'test/fixtures'] },
  ...tseslint.configs.strict,
  {
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver': { node: { extensions: ['.ts', '.js', '.mjs'] } } },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      'max-lines-per-function': ['warn', { max: 70, skipBlankLines: true, skipComments: true }],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Runs are deterministic: take a seed.' },
      ],
    },
  },
  ...sinkRules,
  {
    // What only the types can tell: promises nobody waits for, cases nobody handles, `any` that leaks in.
    files: ['src/**/*.ts', 'webview/**/*.ts'],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './webview/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      // A `default` says that the other cases were thought of.
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    // What does without VS Code lives where nothing of VS Code's is.
    files: ['src/**/*.ts', 'webview/**/*.ts'],
    ignores: ['src/vscode/**', 'src/extension.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: ['vscode'] }] },
  },
  {
    files: ['src/engine/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            'vscode',
            'openai',
            'undici',
            'child_process',
            'node:child_process',
            'fs',
            'node:fs',
            'node:fs/promises',
            'node:http',
            'node:net',
          ],
        },
      ],
    },
  },
  {
    // An extension of its own, as VS Code loads it.
    files: ['test/vscode/{invoker,scripted-models}/*.cjs'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    files: ['**/*.config.{ts,js}', 'examples/**', 'test/**'],
    rules: { 'import-x/no-default-export': 'off', 'max-lines-per-function': 'off' },
  },
);
