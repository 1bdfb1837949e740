/** Console lines that a message of a realm stands for: those it has, and those that it only counts. */
export function countLines(message: {
  readonly entries: readonly { readonly text: string }[];
  readonly dropped: number;
}): number {
  const counts = message.entries.map(({ text }) => {
    const left = /^(\d+) more events? within a second left out$/.exec(text)?.[1];
    return left === undefined ? 1 : Number(left);
  });
  return counts.reduce((sum, count) => sum + count, message.dropped);
}
