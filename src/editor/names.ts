/** Everything that package.json contributes by name, in one place; a test compares the two. */

export const commandIds = {
  optimize: 'bettertogether.optimizeProgram',
  evaluate: 'bettertogether.evaluateProgram',
  compareStrategies: 'bettertogether.compareStrategies',
  compareRuns: 'bettertogether.compareRuns',
  openComparison: 'bettertogether.openComparison',
  resume: 'bettertogether.resumeRun',
  cancel: 'bettertogether.cancelRun',
  openRun: 'bettertogether.openRun',
  showAllRuns: 'bettertogether.showAllRuns',
  exportProgram: 'bettertogether.exportProgram',
  showPromptChanges: 'bettertogether.showPromptChanges',
  saveReport: 'bettertogether.saveReport',
  setApiKey: 'bettertogether.setApiKey',
  testEndpoint: 'bettertogether.testEndpoint',
  useEditorModel: 'bettertogether.useEditorModel',
  setUpEmbedded: 'bettertogether.setUpEmbeddedModel',
  openConfiguration: 'bettertogether.openConfiguration',
  createSample: 'bettertogether.createSampleProject',
  showLog: 'bettertogether.showLog',
  addTypes: 'bettertogether.addTypes',
  refresh: 'bettertogether.refresh',
  openProgram: 'bettertogether.openProgram',
  showGatheredModule: 'bettertogether.showGatheredModule',
  followRun: 'bettertogether.followRun',
  renameRun: 'bettertogether.renameRun',
  editRunNote: 'bettertogether.editRunNote',
  deleteRun: 'bettertogether.deleteRun',
  adoptRuns: 'bettertogether.adoptRuns',
  openTrace: 'bettertogether.openTrace',
} as const;
export type CommandName = keyof typeof commandIds;
export type CommandId = (typeof commandIds)[CommandName];

export const viewIds = { programs: 'bettertogether.programs', runs: 'bettertogether.runs' } as const;

/** What `when` clauses ask: only what can work now is offered. */
export const contextKeys = {
  /** Programs were found, or are configured. */
  hasPrograms: 'bettertogether.hasPrograms',
  /** Paths of the files that programs are in, for menus of a file. */
  programFiles: 'bettertogether.programFiles',
  hasRuns: 'bettertogether.hasRuns',
  hasRunningRuns: 'bettertogether.hasRunningRuns',
  /** There are two runs to compare. */
  hasTwoRuns: 'bettertogether.hasTwoRuns',
  hasComparisons: 'bettertogether.hasComparisons',
  /** Some run was stopped, or its process died. */
  hasResumableRuns: 'bettertogether.hasResumableRuns',
  /** Some run has a state to take home. */
  hasStates: 'bettertogether.hasStates',
  /** Some endpoint of a configuration is not the embedded one. */
  hasEndpoints: 'bettertogether.hasEndpoints',
  /** The first look at the workspace is over: until then an empty view means nothing. */
  looked: 'bettertogether.looked',
} as const;
export type ContextKey = (typeof contextKeys)[keyof typeof contextKeys];

/** What the settings `bettertogether.lenses` and `bettertogether.notifications.runEnd` may be. */
export const lensSettings = ['all', 'programs', 'never'] as const;
export type LensSetting = (typeof lensSettings)[number];
export const notificationSettings = ['always', 'failures', 'never'] as const;

/** What the setting `bettertogether.agents.offerTools` may be: how agents are offered the tools, by one way alone. */
export const offerToolsSettings = ['editor', 'mcp', 'never'] as const;
/** What package.json calls the server that VS Code may start. */
export const mcpProviderId = 'bettertogether.tools';

/** The setting that names the Python of DSPy programs. */
export const pythonSetting = 'python.interpreter';

/** The setting that says where spans go. */
export const otlpUrlSetting = 'otlp.url';

/** Of the Test Explorer: `when` clauses name it. */
export const testControllerId = 'bettertogetherPrograms';

export const taskType = 'bettertogether';
export const section = 'bettertogether';
