/** What each command does. Complete by its type: a name without a function does not compile. */
import type { Session } from '../session/session.ts';
import { compareStrategies } from './compareStrategies.ts';
import type { CommandName } from '../../editor/names.ts';
import { optimizeProgram } from './optimizeProgram.ts';
import { adoptRecords } from '../session/adoption.ts';
import { addTypes } from './sdkTypes.ts';
import { compareRuns, openComparison } from './compareCommands.ts';
import { setApiKey, setUpEmbeddedModel, testEndpoint } from './endpointCommands.ts';
import { showGatheredModule } from './gatheredModule.ts';
import { exportProgram } from './exportProgram.ts';
import { evaluateProgram, openConfiguration, openProgram } from './programCommands.ts';
import { cancelRun, deleteRun } from './endRuns.ts';
import { editRunNote, follow, openRun, renameRun, resumeRun, showAllRuns, showPromptChanges } from './runCommands.ts';
import { createSampleProject } from './sampleProject.ts';
import { useEditorModel } from './useEditorModel.ts';
import { saveReport } from './saveReport.ts';

/** @param all what is selected in the tree that a command was called from. */
export type Command = (session: Session, argument: unknown, all?: unknown) => Promise<void>;

export const commandTable: Readonly<Record<CommandName, Command>> = {
  optimize: optimizeProgram,
  evaluate: evaluateProgram,
  compareStrategies,
  compareRuns,
  openComparison,
  resume: resumeRun,
  cancel: cancelRun,
  openRun,
  showAllRuns,
  exportProgram,
  showPromptChanges,
  saveReport,
  setApiKey,
  testEndpoint,
  useEditorModel,
  setUpEmbedded: setUpEmbeddedModel,
  openConfiguration,
  createSample: createSampleProject,
  addTypes,
  refresh: async ({ roots, runs, comparisons, programs }) => {
    await roots.refresh();
    await Promise.all([runs.refresh(), comparisons.refresh(), programs.refresh()]);
  },
  openProgram,
  showGatheredModule,
  followRun: follow,
  renameRun,
  editRunNote,
  deleteRun,
  adoptRuns: adoptRecords,
  openTrace: ({ tests }, argument) => tests().openTrace(argument),
  showLog: ({ log }) => Promise.resolve(log.show()),
};
