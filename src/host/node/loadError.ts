/** The user's program or metric cannot be loaded. Written for the user; becomes `HostErrorData` kind 'load'. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
  readonly file: string | undefined;
  readonly line: number | undefined;

  constructor(message: string, file?: string, line?: number) {
    super(message);
    this.file = file;
    this.line = line;
  }
}
