import type { SourceLocation } from '../../data/program.ts';
import { programId } from './programItem.ts';
import type { ProgramItem } from './programItem.ts';

/**
 * Where a predictor of a state is made, as the sources are now; `null` where they do not show it: of a program that was
 * moved, or of a predictor that only running the code makes.
 */
export function predictorPlace(
  programs: readonly ProgramItem[],
  program: Pick<ProgramItem, 'file' | 'name'>,
  predictor: string,
): SourceLocation | null {
  const item = programs.find((each) => programId(each) === programId(program));
  const found = item?.predictors.find(({ name }) => isThisPredictor(name, predictor));
  if (item === undefined || found === undefined) return null;
  const { line, cell } = found;
  return { file: found.file ?? item.file, line, ...(cell !== undefined && { cell }) };
}

/** `hops[*]` in the source is `hops[0]`, `hops[1]`… in a state; a wrapper's own predictor ends in `.predict`. */
export function isThisPredictor(inSource: string, inState: string): boolean {
  const pattern = inSource.split('[*]').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('\\[[^\\]]+\\]')}(\\[[^\\]]+\\])?(\\.predict)?$`).test(inState);
}
