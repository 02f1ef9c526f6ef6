/** Calls a tool on what a model gave: checked before, without keys behind it, errors worded for a model. */
import * as z from 'zod';
import { HumanError, UsageError, messageOf } from '../../base/errors.ts';
import { oneLine, onLines } from '../../base/visibleText.ts';
import { answerText, cut, dataNote, fitted, plainIn } from './bounded.ts';
import type { ToolHost } from './host.ts';
import type { Tool, ToolCall, ToolQuestion } from './tool.ts';

export interface ToolResult {
  readonly text: string;
  /** As `answerSchema` says. */
  readonly data: Record<string, unknown>;
}

/** Characters of an error that a model reads. */
const errorAtMost = 4000;
/** Characters of what stands before the data. */
const sayAtMost = 4000;

/** @throws UsageError naming the argument. */
export function checkedInput(tool: Tool, given: unknown): Record<string, unknown> {
  const parsed = tool.input.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 5).map(({ path, message }) => {
    return `${path.length === 0 ? 'the arguments' : JSON.stringify(path.join('.'))}: ${oneLine(message)}`;
  });
  const known = Object.keys(tool.input.shape).map((name) => JSON.stringify(name));
  throw new UsageError(
    `${tool.name} was called wrongly: ${issues.join('; ')}. It takes ${known.length === 0 ? 'no arguments' : known.join(', ')}.`,
  );
}

/** @throws HumanError worded for a model; whatever else is a bug. */
export async function callTool(tool: Tool, given: unknown, host: ToolHost, call: ToolCall): Promise<ToolResult> {
  const input = checkedInput(tool, given);
  if (tool.effect !== 'reads') host.permissions.mayAct();
  const { say, data } = await tool.run(input, host, call);
  const { data: shown, cut: short } = fitted(plainIn(tool.output.parse(data)));
  const whole = short === null ? shown : { ...shown, cut_short: `${short} ${tool.narrower ?? ''}`.trim() };
  const said = cut(oneLine(say), sayAtMost);
  return {
    text: answerText(said, whole, tool.quotes),
    data: tool.quotes ? { ...whole, note: dataNote } : whole,
  };
}

/** What an answer's data holds: the tool's own, what was cut off it, and what it is. */
export function answerSchema({ output }: Tool): z.ZodObject {
  return output.extend({ cut_short: z.string().exactOptional(), note: z.string().exactOptional() });
}

/** Puts what a person is asked before into words; `null`: nothing. @throws as `callTool`. */
export async function questionOf(tool: Tool, given: unknown, host: ToolHost): Promise<(() => ToolQuestion) | null> {
  if (tool.question === undefined) return null;
  const input = checkedInput(tool, given);
  host.permissions.mayAct();
  return tool.question(input, host);
}

/**
 * An error as a model reads it. Names in it may be somebody else's: they are on lines of their own or in quotes, and nothing in
 * them is hidden.
 */
export function errorForModel(tool: Tool, error: unknown): string {
  if (error instanceof HumanError) return cut(onLines(error.message), errorAtMost);
  if (error instanceof Error && error.name === 'AbortError') return `${tool.name} was cancelled.`;
  if (error instanceof z.ZodError)
    return `${tool.name} failed: what it found does not have the form that it should have.`;
  return cut(`${tool.name} failed, which is a bug in BetterTogether: ${oneLine(messageOf(error))}`, errorAtMost);
}
