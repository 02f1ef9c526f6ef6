/** Something that pruning would remove. */
export interface Prunable {
  readonly kind: 'run' | 'memo' | 'adapter' | 'embedded' | 'deployment';
  readonly path: string;
  /** For people. */
  readonly what: string;
  readonly bytes: number;
}
