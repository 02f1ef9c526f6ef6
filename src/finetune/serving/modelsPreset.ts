/**
 * llama-server's list of models (`--models-preset`): an INI file with a section for each model that it may start. As its
 * own reader has it, a value ends at `;`, at `#` or with its line, and a name at `]`.
 */

/** A text with a section for an adapter. */
export interface ListedAdapter {
  readonly name: string;
  /** The section of its base: what it says holds for the adapter too, but what names or loads something else. */
  readonly base: string;
  /** GGUF, on the server's disk. */
  readonly file: string;
}

/** The text with a section for an adapter, in the place of an earlier one. @returns `null`: the base has no section. */
export function withAdapter(text: string, { name, base, file }: ListedAdapter): string | null {
  const { lines } = sectionsOf(text).find((section) => section.name === base) ?? {};
  if (lines === undefined) return null;
  const shared = lines.filter((line) => line.trim() !== '' && !ofBaseAlone.test(line));
  const before = withoutModel(text, name);
  const gap = before === '' || before.endsWith('\n\n') ? '' : before.endsWith('\n') ? '\n' : '\n\n';
  return `${before}${gap}[${name}]\n${[...shared, `lora = ${file}`].join('\n')}\n`;
}

/** The text without the section of a model. */
export function withoutModel(text: string, name: string): string {
  const sections = sectionsOf(text);
  if (!sections.some((section) => section.name === name)) return text;
  const kept = sections.filter((section) => section.name !== name);
  return kept.flatMap(({ header, lines }) => [...(header === null ? [] : [header]), ...lines]).join('\n');
}

/** Whether the file can say it: `lora` takes several files, with commas between them. */
export const canBeListed = (file: string): boolean => !/[;#,\r\n]/.test(file);

const ofBaseAlone =
  /^\s*(a|alias|lora|lora-scaled|load-on-startup|LLAMA_ARG_ALIAS|LLAMA_ARG_LORA\w*|tags|LLAMA_ARG_TAGS)\s*=|^\s*[;#]/;

interface Section {
  /** `null`: what comes before the first. */
  readonly name: string | null;
  readonly header: string | null;
  readonly lines: readonly string[];
}

function sectionsOf(text: string): readonly Section[] {
  const sections: { name: string | null; header: string | null; lines: string[] }[] = [
    { name: null, header: null, lines: [] },
  ];
  for (const line of text.split(/\r\n|\r|\n/)) {
    const name = /^\s*\[\s*([^\]]*?)\s*\]/.exec(line)?.[1];
    if (name === undefined) sections.at(-1)!.lines.push(line);
    else sections.push({ name, header: line, lines: [] });
  }
  return sections;
}
