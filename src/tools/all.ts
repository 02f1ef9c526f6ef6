/** The tools, in the order in which they are listed. */
import * as z from 'zod';
import type { Tool } from './base/tool.ts';
import { compareRuns } from './reading/compareRuns.ts';
import { getStatus } from './reading/getStatus.ts';
import { listFailures } from './reading/listFailures.ts';
import { listPrograms } from './reading/listPrograms.ts';
import { showTrace } from './reading/showTrace.ts';
import { cancelRun } from './work/cancelRun.ts';
import { evaluateProgram } from './work/evaluateProgram.ts';
import { exportProgram } from './work/exportProgram.ts';
import { getPrice } from './work/getPrice.ts';
import { optimizeProgram } from './work/optimizeProgram.ts';

export const tools: readonly Tool[] = [
  listPrograms,
  getStatus,
  listFailures,
  showTrace,
  compareRuns,
  getPrice,
  evaluateProgram,
  optimizeProgram,
  cancelRun,
  exportProgram,
];

/** The tool's arguments as package.json has them. */
export function inputJsonSchema({ input }: Tool): Record<string, unknown> {
  const entries = Object.entries(z.toJSONSchema(input, { io: 'input' }));
  return Object.fromEntries(entries.filter(([key]) => key !== '$schema'));
}

/** As package.json contributes it. */
export function toolContribution(tool: Tool): Record<string, unknown> {
  const { name, title, forPeople, forModels, icon } = tool;
  return {
    name,
    displayName: title,
    toolReferenceName: referenceName(name),
    canBeReferencedInPrompt: true,
    userDescription: forPeople,
    modelDescription: forModels,
    icon,
    tags: ['bettertogether'],
    when: offeredWhen,
    inputSchema: inputJsonSchema(tool),
  };
}

/** Offered by one way alone: an agent that had both would see each tool twice. */
const offeredWhen = "config.bettertogether.agents.offerTools == 'editor'";

/** As people write it behind `#`. */
const referenceName = (name: string): string => {
  const [, verb, noun] = name.split('_');
  return `bt${verb![0]!.toUpperCase()}${verb!.slice(1)}${noun![0]!.toUpperCase()}${noun!.slice(1)}`;
};
