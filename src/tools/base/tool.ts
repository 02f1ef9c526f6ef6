/** A tool for agents: one file each says what it takes and gives, what it does to the world, and does it. */
import type * as z from 'zod';
import type { ToolHost } from './host.ts';

/**
 * What a tool does to the world. `reads`: nothing is run, sent or written. `acts`: it stops something, or writes a file. `spends`: it
 * runs the workspace's code and asks LMs, which may cost money.
 */
export type ToolEffect = 'reads' | 'acts' | 'spends';

/** The call of a tool: when it is to stop, and whom it tells how far it is. */
export interface ToolCall {
  readonly signal: AbortSignal;
  /** @param done of `of`, where both are known. */
  progress(message: string, done?: number, of?: number): void;
}

/** What a tool gave: a sentence or two that begin the text, and the data. */
export interface ToolAnswer<Output> {
  readonly say: string;
  readonly data: Output;
}

/** What a person is asked before a tool does something: shown by the editor, plain text. */
export interface ToolQuestion {
  readonly title: string;
  readonly message: string;
}

export interface ToolSpec<Input extends z.ZodObject, Output extends z.ZodObject> {
  /** `bettertogether_verb_noun` */
  readonly name: string;
  readonly title: string;
  /** For people, in lists of tools. */
  readonly forPeople: string;
  /** For the model: what it does and gives, when not to use it, limits. */
  readonly forModels: string;
  /** Codicon. */
  readonly icon: string;
  readonly effect: ToolEffect;
  readonly input: Input;
  readonly output: Output;
  /** Its data holds text of rows, answers or files, which a model must not take for instructions. */
  readonly quotes: boolean;
  /** How less is asked for at once, in a sentence for the model: said where an answer had to be cut. */
  readonly narrower?: string;
  /** In a word or two, for the person, while it works. */
  doing(input: z.output<Input>): string;
  /**
   * Asked before; left out for tools that only read. The question is put into words for the person, an error for the model.
   *
   * @throws HumanError where it could not be done anyway.
   */
  question?(input: z.output<Input>, host: ToolHost): Promise<() => ToolQuestion>;
  run(input: z.output<Input>, host: ToolHost, call: ToolCall): Promise<ToolAnswer<z.output<Output>>>;
}

/** Any tool: what is given to one has been checked by its own schema (`callTool`). */
export type Tool = ToolSpec<z.ZodObject, z.ZodObject>;

/** Keeps the types of input and output together where a tool is written, and lets all tools stand in one list. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(spec: ToolSpec<Input, Output>): Tool {
  return spec;
}
