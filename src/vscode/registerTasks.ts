import * as vscode from 'vscode';
import type { LazySession } from './lazySession.ts';
import { taskType } from '../editor/names.ts';

export function registerTasks(session: LazySession): vscode.Disposable {
  return vscode.tasks.registerTaskProvider(taskType, {
    provideTasks: async () => (await session.get()).tasks.provideTasks(),
    resolveTask: async (task) => (await session.get()).tasks.resolveTask(task),
  });
}
