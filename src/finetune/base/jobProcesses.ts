/** The processes of jobs on this machine: each is watched by a supervisor that outlives us and takes note of how it ends. */
export interface JobProcesses {
  /** Starts what the folder's `start.json` says, unless a supervisor works there already; returns once one does. */
  start(folder: string): Promise<void>;
  /** Whether a supervisor works in the folder. */
  isRunning(folder: string): boolean;
  /** Ends the supervisor and all it started, even if only its leftovers. */
  stop(folder: string): Promise<void>;
}
