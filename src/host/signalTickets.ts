import { HumanError } from '../base/errors.ts';
import { Cancelled } from '../engine/errors.ts';
import type { RunTicket } from './runTicket.ts';

/** One signal stops hundreds of runs, so each signal has one listener, for as long as it has runs. */
export class SignalTickets {
  private readonly bySignal = new Map<AbortSignal, Listening>();

  /** Fails the ticket when the signal is aborted, until the function returned is called. */
  add(signal: AbortSignal, ticket: RunTicket): () => void {
    const { tickets, abort } = this.bySignal.get(signal) ?? this.listen(signal);
    tickets.add(ticket);
    return () => {
      tickets.delete(ticket);
      if (tickets.size > 0) return;
      signal.removeEventListener('abort', abort);
      this.bySignal.delete(signal);
    };
  }

  private listen(signal: AbortSignal): Listening {
    const tickets = new Set<RunTicket>();
    const abort = (): void => {
      for (const ticket of [...tickets]) ticket.fail(reasonOf(signal));
    };
    signal.addEventListener('abort', abort);
    const listening = { tickets, abort };
    this.bySignal.set(signal, listening);
    return listening;
  }
}

interface Listening {
  readonly tickets: Set<RunTicket>;
  readonly abort: () => void;
}

/** Why the signal was aborted, in words for the person who runs the program. */
export function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof HumanError ? reason : new Cancelled();
}
