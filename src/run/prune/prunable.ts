/** Something that pruning would remove. */
export interface Prunable {
  readonly kind: 'run' | 'memo' | 'adapter' | 'embedded' | 'deployment';
  /** What is removed; of a deployment, the entry that says how it is stopped. */
  readonly path: string;
  /** For people. */
  readonly what: string;
  readonly bytes: number;
}
