/** What a set-up step says while it works; made for a terminal line or a notification in the editor. */
export interface SetupProgress {
  readonly part: 'runtime' | 'model' | 'trainer';
  /** `waiting`: another process sets the same thing up. `present`: nothing had to be done. */
  readonly state: 'present' | 'waiting' | 'working' | 'done';
  readonly message: string;
}

export interface SetupOptions {
  readonly onProgress?: (progress: SetupProgress) => void;
  readonly signal?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
}
