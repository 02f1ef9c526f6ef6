/** Something that pruning would remove. */
export type Prunable = Found &
  (
    | { readonly kind: 'run' | 'memo' | 'adapter' | 'embedded' | 'deployment' }
    /** Of these folders in `path`. */
    | { readonly kind: 'modules'; readonly folders: readonly string[] }
  );

interface Found {
  /** What is removed; of a deployment, the entry that says how it is stopped. */
  readonly path: string;
  /** For people. */
  readonly what: string;
  readonly bytes: number;
}
