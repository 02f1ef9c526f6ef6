/** Numbers, times and names as people read them. */
import { shownValue } from '../src/viewProtocol.ts';
import type { JsonValue, StepRow } from '../src/viewProtocol.ts';

/** '' is the program before any step. */
export function stepName(prefix: string): string {
  return prefix === '' ? 'Baseline' : prefix.replaceAll('->', '→');
}

/**
 * '' is the program without any step: the paper's vanilla.
 *
 * @param from the state that the strategy started from, where it was given one.
 */
export function strategyName(strategy: string, from?: string | null): string {
  if (strategy !== '') return strategy.replaceAll('->', '→');
  return from === undefined || from === null ? 'vanilla' : 'start';
}

/** @param from what the run began with: `Snapshot.asked.from` */
export function stepTitle(step: StepRow['step'], from: string | null): string {
  if (step === null) return from === null ? 'The program as it was written' : `The program in the state of ${from}`;
  return `${step.title.slice(0, 1).toUpperCase()}${step.title.slice(1)}`;
}

/** Per cent with one digit: `61.3`. */
export function percent(score: number): string {
  return score.toFixed(1);
}

export function signed(difference: number): string {
  const text = Math.abs(difference).toFixed(1);
  return text === '0.0' ? '±0.0' : `${difference > 0 ? '+' : '−'}${text}`;
}

/** `1,234` up to 99,999, then `0.1 M`. */
export function count(value: number): string {
  if (value >= 1_000_000) return `${(value / 1_000_000).toFixed(1)} M`;
  return Math.round(value).toLocaleString('en-US');
}

export function dollars(usd: number | null): string {
  if (usd === null) return 'unknown';
  if (usd === 0) return '$0';
  return usd < 0.01 ? '< $0.01' : `$${usd.toFixed(2)}`;
}

/** `850 ms`, `4.2 s`, `3 min 20 s`, `1 h 05 min`. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${two(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** Local time of an ISO 8601 date. */
export function clock(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : date.toLocaleTimeString();
}

/** A field's value as text: strings as they are, everything else as JSON. */
export function valueText(value: unknown): string {
  const shown = shownValue(value as JsonValue);
  const text = typeof shown === 'string' ? shown : (JSON.stringify(shown, null, 2) ?? '');
  return text.includes(';base64,') ? text.replaceAll(inlineData, toldData) : text;
}

const inlineData = /data:([\w/+.-]+);base64,([A-Za-z0-9+/]{32,}={0,2})/g;

/** Pictures are told, never shown: by type and size. */
function toldData(_: string, type: string, base64: string): string {
  return `[${type}, ${Math.floor((base64.replace(/=+$/, '').length * 3) / 4)} bytes]`;
}

/** A metric's value of one row: `1`, `0`, `0.42`. */
export function rowScore(score: number | null): string {
  if (score === null) return '–';
  return Number.isInteger(score) ? String(score) : score.toFixed(2);
}

export const purposeName: Readonly<Record<string, string>> = {
  bootstrap: 'Bootstrapping',
  validate: 'Validation',
  collect: 'Collecting traces',
  dev: 'Dev',
  test: 'Test',
  train: 'Train',
};

/** Rows count from 1 for people, as lines do. */
export const rowNumber = (example: number): number => example + 1;
