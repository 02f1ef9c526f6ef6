/** What a host reports while a teleprompter compiles: states come once, and other messages name them. */
import type { MessageConnection } from 'vscode-jsonrpc/node';
import type { ProgramState } from '../data/program.ts';
import type { CompileWork } from '../engine/teleprompter.ts';
import { readCompileRun, readCompileState, readEvaluationFinished, readEvaluationStarted } from './messages.ts';
import {
  compileRunNotification,
  compileStateNotification,
  evaluationFinishedNotification,
  evaluationStartedNotification,
} from './protocol.ts';

export interface CompileListener extends Omit<CompileWork, 'complete'> {
  /** The host does not keep to the protocol. */
  broken(error: unknown): void;
}

export function listenToCompile(connection: MessageConnection, listener: CompileListener): void {
  const states = new Map<number, ProgramState>();
  const stateOf = (key: number): ProgramState => {
    const state = states.get(key);
    if (state === undefined) throw new Error(`The program host reports state ${key}, which it did not send.`);
    return state;
  };
  const told = (read: () => void): void => {
    try {
      read();
    } catch (error) {
      listener.broken(error);
    }
  };
  connection.onNotification(compileStateNotification, (params) => {
    told(() => {
      const { key, state } = readCompileState(params);
      states.set(key, state);
    });
  });
  connection.onNotification(evaluationStartedNotification, (params) => {
    told(() => {
      const { state, ...rest } = readEvaluationStarted(params);
      listener.evaluationStarted({ ...rest, state: stateOf(state) });
    });
  });
  connection.onNotification(evaluationFinishedNotification, (params) => {
    told(() => {
      listener.evaluationFinished(readEvaluationFinished(params));
    });
  });
  connection.onNotification(compileRunNotification, (params) => {
    told(() => {
      const { state, ...rest } = readCompileRun(params);
      listener.ran({ ...rest, state: stateOf(state) });
    });
  });
}
