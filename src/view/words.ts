/** Numbers, names and errors as people read them. */
import type { UserCodeError } from '../data/trace.ts';
import { oneLine } from '../base/visibleText.ts';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export function count(value: number): string {
  return grouped.format(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** 950, 12.3k, 1.2M. */
export function short(value: number): string {
  if (value < 10_000) return count(value);
  if (value < 1_000_000) return `${(value / 1000).toFixed(1)}k`;
  return `${(value / 1_000_000).toFixed(1)}M`;
}

/** 0.4 s, 12 s, 3 min 05 s, 2 h 10 min. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 119.5) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

export function bytes(value: number): string {
  if (value < 1024 * 1024) return `${Math.ceil(value / 1024)} KiB`;
  return `${(value / 1024 / 1024).toFixed(1)} MiB`;
}

export function dollars(value: number): string {
  return `$${value < 1 ? value.toFixed(4) : value.toFixed(2)}`;
}

/**
 * The baseline has no step's name: the program as it was written. A lattice point has two of such names.
 *
 * @param start what the baseline is called: see `startName`.
 */
export function stepName(prefix: string, start = 'vanilla'): string {
  return prefix
    .split(' × ')
    .map((part) => (part === '' ? start : part))
    .join(' × ');
}

/** What a run begins with: the program as it was written, or a state that it was given. */
export function startName(from: unknown): string {
  return from === undefined ? 'vanilla' : 'start';
}

/** `p.json`, `run 20261123-…`: what a run that was given a state began with. */
export function sourceText(from: string): string {
  const run = /^Run (.*)$/.exec(from)?.[1];
  return run === undefined ? brief(fileName(from)) : `run ${run}`;
}

/** `, from p.json`; nothing where a run began with the program as written. */
export function fromText(from: string | undefined): string {
  return from === undefined ? '' : `, from ${sourceText(from)}`;
}

const fileName = (path: string): string => path.split(/[\\/]/).at(-1)!;

/** `metric: no 4s (m.ts:2)`. @param whole with the whole path of the file, and more of what a model answered. */
export function errorText({ kind, message, file, line }: UserCodeError, whole = false): string {
  const place = line === undefined ? '' : `:${line}`;
  const where = file === undefined ? '' : ` (${brief(whole ? file : fileName(file))}${place})`;
  return `${kind}: ${brief(message, whole ? 1000 : undefined)}${where}`;
}

/** What a model or a service wrote, on one line and cut where it gets long. */
export function brief(text: string, longest = 300): string {
  const plain = oneLine(text).replaceAll(/ +/g, ' ').trim();
  return plain.length > longest ? `${plain.slice(0, longest - 1)}…` : plain;
}

/** A name in quotes that it cannot end: for sentences in which somebody else chose the name. */
export function quoted(name: string): string {
  return `"${name.replaceAll(/["\\]/g, '\\$&')}"`;
}
