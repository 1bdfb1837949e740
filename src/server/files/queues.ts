/** One task at a time per key, in the order of asking. */

export interface Queues {
  /** Rejects as the task does; the next one runs all the same. */
  run<Value>(key: string, task: () => Promise<Value>): Promise<Value>;
  /** Resolves when nothing runs or waits any more. */
  idle(): Promise<void>;
}

export function createQueues(): Queues {
  const ends = new Map<string, Promise<unknown>>();
  return {
    run(key, task) {
      const result = (ends.get(key) ?? Promise.resolve()).then(task);
      const end = result.then(
        () => leave(),
        () => leave(),
      );
      const leave = (): void => {
        if (ends.get(key) === end) ends.delete(key);
      };
      ends.set(key, end);
      return result;
    },
    async idle() {
      while (ends.size > 0) await Promise.all(ends.values());
    },
  };
}
