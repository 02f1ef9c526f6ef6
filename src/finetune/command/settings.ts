/** A trainer that is started as a command on this machine, as `bettertogether.json` and runs say it. */
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { given } from '../../base/given.ts';
import { refuseSecrets } from '../../data/settingSchemas.ts';
import type { TrainingMethod } from '../../data/trainingSet.ts';
import { positive } from '../../engine/settingSchemas.ts';
import { resolvedOfAll, writtenByAll } from '../base/settings.ts';
import type { BackEndSettings } from '../base/settings.ts';

/** Texts of files by their names, which lead into no other folder. */
const filesByNameSchema = z
  .record(z.string(), z.string())
  .refine((files) => Object.keys(files).every((name) => /^[\w-][\w.-]*$/.test(name)), {
    message: 'must hold names of files, without a folder',
  });

const written = z
  .strictObject({
    kind: z.literal('command').describe('Any trainer that is started as a command on this machine.'),
    command: z
      .array(z.string())
      .min(1)
      .describe('Program and arguments, with placeholders such as {rows}, {out} and {model}. No shell is involved.'),
    commands: z
      .strictObject({
        dpo: z.array(z.string()).min(1).optional().describe('Learns from pairs of answers, with {beta}.'),
        grpo: z
          .array(z.string())
          .min(1)
          .optional()
          .describe('Learns from answers with rewards, with {clipLow} and {clipHigh}; "rowsFormat" must be "apart".'),
      })
      .optional()
      .describe('Commands for jobs of other steps than w. Default: the step is refused.'),
    parentArguments: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('Added where a job goes on from an adapter, with {parent}. Default: jobs start from the base.'),
    rowsFormat: z
      .enum(['messages', 'prompt-completion', 'apart'])
      .optional()
      .describe("How rows are written: OpenAI's messages (default), prompt and completion, or all parts apart."),
    files: filesByNameSchema
      .optional()
      .describe("Files to write into the job's folder first, such as the trainer's own configuration."),
    env: z
      .record(z.string(), z.string())
      .superRefine((env, context) => {
        refuseSecrets(context, env, [], '; the command inherits it');
      })
      .optional()
      .describe('Environment variables, beside those of this process. No secrets: they would be kept with the run.'),
    folder: z.string().min(1).optional().describe('Where jobs lie. Default .bettertogether/jobs.'),
    model: writtenByAll.model,
    minRows: writtenByAll.minRows,
    pollSeconds: positive.optional().describe('Seconds between looks at the job. Default 1.'),
    stallMinutes: writtenByAll.stallMinutes,
  })
  .describe('A command that reads rows from a file and leaves an adapter in a folder.');

const resolved = z.object({
  kind: z.literal('command'),
  ...resolvedOfAll,
  command: z.array(z.string()),
  /** For other sets than answers to imitate. */
  commands: z
    .object({ dpo: z.array(z.string()).exactOptional(), grpo: z.array(z.string()).exactOptional() })
    .exactOptional(),
  /** `null`: every job starts from the base. */
  parentArguments: z.array(z.string()).nullable(),
  rowsFormat: z.enum(['messages', 'prompt-completion', 'apart']),
  files: filesByNameSchema,
  env: z.record(z.string(), z.string()),
  /** Absolute: where it is started. */
  cwd: z.string(),
  /** Absolute: where its jobs lie. */
  folder: z.string(),
});

export type CommandSettings = z.infer<typeof resolved>;

/** Answers to imitate, and what there is a command for. */
export function methodsOfCommands(
  commands: { readonly [Method in 'dpo' | 'grpo']?: readonly string[] } = {},
): readonly TrainingMethod[] {
  return ['supervised', ...(['dpo', 'grpo'] as const).filter((method) => commands[method] !== undefined)];
}

export const commandSettings = {
  kind: 'command',
  leaves: 'adapter',
  written,
  resolved,
  resolve: (asked, { workspace }) => ({
    kind: 'command',
    ...given({ minRows: asked.minRows, stallMinutes: asked.stallMinutes }),
    ...(asked.commands && { commands: given(asked.commands) }),
    model: asked.model ?? null,
    pollSeconds: asked.pollSeconds ?? 1,
    command: asked.command,
    parentArguments: asked.parentArguments ?? null,
    rowsFormat: asked.rowsFormat ?? 'messages',
    files: asked.files ?? {},
    env: asked.env ?? {},
    cwd: workspace,
    folder: resolve(workspace, asked.folder ?? '.bettertogether/jobs'),
  }),
  // It runs on this machine, whatever it does with the rows.
  service: () => null,
  withPaths: (settings, change) => ({ ...settings, cwd: change(settings.cwd), folder: change(settings.folder) }),
  uses: ({ command, commands = {}, parentArguments, cwd, env, folder, files }) => ({
    files: [],
    commands: [command, ...Object.values(commands)].map((each) => ({
      ...{ command: [...each, ...(parentArguments ?? [])], where: `${cwd} (its jobs lie in ${folder})`, env },
    })),
    written: Object.entries(files).map(([name, text]) => ({ file: join(folder, '<job>', name), text })),
  }),
  methods: ({ commands }) => methodsOfCommands(commands),
  checkpoints: () => 0,
  foldersHere: () => ({}),
  adviceWhereMissing: () => 'Resume the run: it is trained again.',
} as const satisfies BackEndSettings<typeof written, typeof resolved>;
