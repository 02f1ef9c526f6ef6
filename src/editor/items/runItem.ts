import type { Manifest } from '../../run/record/manifest.ts';
import type { RunLabel } from '../../run/record/label.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import type { RunView } from '../../view/runView.ts';
import type { RunStatus } from '../../run/reading/summary.ts';
import type { RunStates } from '../../run/record/stateFile.ts';

/** A run as the editor shows it. */
export interface RunItem {
  /** The folder of the workspace it belongs to. */
  readonly root: string;
  readonly run: RunLocation;
  readonly manifest: Manifest;
  /** The person began it on this machine, or took it over; else it can only be looked at. */
  readonly madeHere: boolean;
  readonly view: RunView;
  readonly status: RunStatus;
  readonly label: RunLabel;
  /** `null` until a step has finished. */
  readonly states: RunStates | null;
}

/** What people call it: the name they gave it, or program and time. */
export function runName({ label, manifest }: Pick<RunItem, 'label' | 'manifest'>): string {
  if (label.name !== undefined && label.name !== '') return label.name;
  return `${manifest.asked.key}, ${localTime(manifest.created)}`;
}

/** `2026-11-23 12:15`, where the person is. */
export function localTime(iso: string): string {
  const time = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** The same, as short as tells it from now: `12:15` today, `11-23 12:15` this year. */
export function briefTime(iso: string, now = new Date()): string {
  const [then, today] = [localTime(iso), localTime(now.toISOString())];
  if (then.slice(0, 10) === today.slice(0, 10)) return then.slice(11);
  return then.slice(0, 4) === today.slice(0, 4) ? then.slice(5) : then;
}

/** Stopped by a cap, by a person or by an accident: running it again goes on, and pays nothing twice. */
export function isResumable({ status }: Pick<RunItem, 'status'>): boolean {
  return status === 'stopped' || status === 'crashed';
}
