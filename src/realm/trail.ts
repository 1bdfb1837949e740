/** A list that keeps its first and its last items and counts what it dropped between them. */
export interface Trail<T> {
  /** @param characters what the item counts against the limit */
  add(item: T, characters: number): void;
  /** Empties it. */
  take(): { readonly items: T[]; readonly missing: number };
  /** Whether it already had to drop something. */
  isFull(): boolean;
}

/** @param limits `head` first and `tail` last items are kept, the tail only as far as `characters` allow */
export function createTrail<T>(limits: {
  head: number;
  tail: number;
  characters: number;
}): Trail<T> {
  let head: T[] = [];
  let tail: { item: T; characters: number }[] = [];
  let first = 0;
  let characters = 0;
  let missing = 0;

  function drop(): void {
    characters -= tail[first]?.characters ?? 0;
    first += 1;
    missing += 1;
    // Shifting an array for each of a million lines would be slow; it is compacted now and then.
    if (first > 1000) {
      tail = tail.slice(first);
      first = 0;
    }
  }

  return {
    add(item, size) {
      characters += size;
      if (head.length < limits.head && missing === 0) {
        head.push(item);
        return;
      }
      tail.push({ item, characters: size });
      while (
        tail.length - first > 1 &&
        (tail.length - first > limits.tail || characters > limits.characters)
      )
        drop();
    },
    take() {
      const taken = { items: [...head, ...tail.slice(first).map(({ item }) => item)], missing };
      [head, tail, first, characters, missing] = [[], [], 0, 0, 0];
      return taken;
    },
    isFull: () => missing > 0,
  };
}
