/** The columns of a `.csv` or `.tsv` file: their names, those that have none, and what a short line leaves out. */
import { UsageError } from '../base/errors.ts';
import { columnsAtMost } from '../base/limits.ts';
import { hasOddQuotes, quotesRemedy } from './csvQuotes.ts';
import { tooWide } from './dataFile.ts';

type CsvFields = Readonly<Record<string, string>>;

/** A column without a name, by its number from 1: no text of a file can be one. */
const unnamed = (column: number): string => `\0${column}`;
const isUnnamed = (name: string): boolean => name.startsWith('\0');

export class CsvColumns {
  readonly #names: readonly string[];
  readonly #named: readonly string[];
  readonly #unnamed: readonly string[];
  /** What stands in the first column, where it has no name. */
  readonly #first = new Set<string>();

  /** @throws UsageError for two columns with one name: the first would be lost in silence. */
  constructor(written: readonly string[], place: string) {
    if (written.length > columnsAtMost) throw tooWide(place, written.length);
    const seen = new Set<string>();
    this.#names = written.map((text, i) => {
      const name = text.trim();
      if (name === '') return unnamed(i + 1);
      if (name.startsWith('"'))
        throw new UsageError(`${place}: the name of column ${i + 1} has a quote.${quotesRemedy}`);
      if (seen.has(name)) throw new UsageError(`${place}: two columns are named "${name}". Rename one of them.`);
      seen.add(name);
      return name;
    });
    this.#named = this.#names.filter((name) => !isUnnamed(name));
    this.#unnamed = this.#names.filter(isUnnamed);
  }

  get names(): string[] {
    return [...this.#names];
  }

  /**
   * A row with all columns that have a name. Excel leaves out separators at the ends of lines: what is missing is empty.
   *
   * @param index of the row, from 0
   * @throws UsageError for a value without a name, and for what looks like a part of a line.
   */
  fieldsOf(record: CsvFields, index: number, place: string): CsvFields {
    this.#checkLength(record, place);
    for (const name of this.#unnamed) this.#checkUnnamed(name, record[name] ?? '', index, place);
    return Object.fromEntries(this.#named.map((name) => [name, record[name] ?? '']));
  }

  #checkLength(record: CsvFields, place: string): void {
    const columns = this.#named.length;
    const given = this.#named.filter((name) => Object.hasOwn(record, name)).length;
    if (given === columns) return;
    if (given > 1 && 2 * given >= columns && !Object.values(record).some(hasOddQuotes)) return;
    throw new UsageError(
      `${place}: the line has ${given} of ${columns} columns. A text with a line break or a separator in it has to ` +
        'stand in double quotes; what is empty stands between separators.',
    );
  }

  /**
   * What programs write without a name: nothing, after a separator at the end of lines, or the rows' numbers; in the
   * first column (pandas) also after rows were shuffled or chosen.
   */
  #checkUnnamed(name: string, value: string, index: number, place: string): void {
    const isNew = name === unnamed(1) && this.#first.size < this.#first.add(value).size;
    if (value.trim() === '' || value === String(index) || value === String(index + 1)) return;
    if (isNew && /^\d+$/.test(value)) return;
    throw new UsageError(
      `${place}: column ${name.slice(1)} has no name in the first line, and "${shortened(value)}" here. Name it, or ` +
        `remove it (pandas: to_csv(…, index=False)).`,
    );
  }
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
