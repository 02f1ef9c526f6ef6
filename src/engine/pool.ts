import { stopped } from './abort.ts';

interface Task {
  readonly start: () => void;
  readonly signal: AbortSignal;
  readonly skip: () => void;
}

/**
 * Scores of finished steps come before the next step's work, so that a run stopped by its cap knows its best state;
 * within a prompt search every bootstrap comes before the validation, so that no candidate starts late. Bootstraps of a
 * candidate are offset by its index: earlier candidates first; in what order rows are validated see `Validation`.
 */
export const priority = { score: 0, collect: 10, bootstrap: 10, validate: 1000 } as const;

/**
 * Runs tasks with at most `size` under way; the lowest `priority` first, then first come, first served.
 * A task whose signal is aborted before it begins is never begun.
 */
export class Pool {
  readonly size: number;
  #running = 0;
  /** Waiting tasks by priority, priorities ascending. Few priorities, many tasks: queues are read from `head`. */
  readonly #queues = new Map<number, { readonly tasks: (Task | undefined)[]; head: number }>();
  #priorities: number[] = [];

  constructor(size: number) {
    this.size = size;
  }

  run<T>(priority: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const task: Task = {
        signal,
        skip: () => {
          reject(stopped(signal));
        },
        start: () => {
          this.#running++;
          work()
            .then(resolve, reject)
            .finally(() => {
              this.#running--;
              this.#next();
            });
        },
      };
      this.#enqueue(priority, task);
      this.#next();
    });
  }

  #enqueue(priority: number, task: Task): void {
    const queue = this.#queues.get(priority);
    if (queue !== undefined) {
      queue.tasks.push(task);
      return;
    }
    this.#queues.set(priority, { tasks: [task], head: 0 });
    this.#priorities = [...this.#queues.keys()].sort((a, b) => a - b);
  }

  #next(): void {
    while (this.#running < this.size) {
      const task = this.#dequeue();
      if (task === undefined) return;
      if (task.signal.aborted) task.skip();
      else task.start();
    }
  }

  #dequeue(): Task | undefined {
    const priority = this.#priorities[0];
    if (priority === undefined) return undefined;
    const queue = this.#queues.get(priority)!;
    const task = queue.tasks[queue.head];
    // A task holds its promise, and that the outcome with its trace: let go of it.
    queue.tasks[queue.head++] = undefined;
    if (queue.head === queue.tasks.length) {
      this.#queues.delete(priority);
      this.#priorities.shift();
    }
    return task;
  }
}
