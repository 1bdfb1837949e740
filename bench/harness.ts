/** Compares targets honestly: one run, rounds interleaved in shuffled order, medians with their spread. */

export interface Target {
  readonly name: string;
  /** One measurement in ms (or another unit, the same for all targets of a comparison). */
  measure(round: number): Promise<number>;
}

export interface Comparison {
  readonly title: string;
  /** The first is ours; every other is a peer. */
  readonly targets: readonly Target[];
  readonly rounds: number;
  /** Upper bound of our median ÷ the first peer's. */
  readonly goal?: number;
  readonly unit?: string;
}

export interface Row {
  readonly name: string;
  readonly n: number;
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  /** Median ÷ the first peer's median. */
  readonly ratio: number;
}

/** Measures every target once per round, drops the first round, prints the table. Answers whether the goal holds. */
export async function compare(comparison: Comparison): Promise<boolean> {
  const { targets, rounds } = comparison;
  const samples = new Map<string, number[]>(targets.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const target of shuffled(targets)) {
      const value = await target.measure(round);
      // Round 0 warms caches and compilers on all sides.
      if (round > 0) samples.get(target.name)?.push(value);
    }
  }
  return report(comparison, samples);
}

/** Nearest-rank percentile; `share` from 0 to 1. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return (
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ??
    Number.NaN
  );
}

/** Prints one line of a figure that has no peer; answers whether it holds. */
export function reportFigure(
  title: string,
  value: number,
  { goal, unit }: { goal: number; unit: string },
): boolean {
  const met = value <= goal;
  console.log(
    `\n${title}\n  ${format(value)} ${unit}, goal ≤ ${goal} ${unit}: ${met ? "met" : "missed"}`,
  );
  return met;
}

function report(
  { title, targets, goal, unit = "ms" }: Comparison,
  samples: ReadonlyMap<string, readonly number[]>,
): boolean {
  const peer = percentile(samples.get(targets[1]?.name ?? "") ?? [], 0.5);
  const rows = targets.map(({ name }) => toRow(name, samples.get(name) ?? [], peer));
  const width = Math.max(...rows.map(({ name }) => name.length));
  console.log(`\n${title} (${unit})`);
  console.log(
    `  ${"".padEnd(width)}  ${["n", "min", "median", "p95", "ratio"].map((head) => head.padStart(8)).join("")}`,
  );
  for (const { name, n, min, median, p95, ratio } of rows) {
    const cells = [String(n), ...[min, median, p95, ratio].map(format)];
    console.log(`  ${name.padEnd(width)}  ${cells.map((cell) => cell.padStart(8)).join("")}`);
  }
  if (rows.some(({ p95, median }) => p95 > 3 * median))
    console.log("  noisy: a p95 is over 3 × its median, run again when the machine is quieter");
  const [ours] = rows;
  if (goal === undefined || !ours) return true;
  const met = ours.ratio <= goal;
  console.log(`  goal ≤ ${goal} ×: ${met ? "met" : "missed"}`);
  return met;
}

function toRow(name: string, values: readonly number[], peer: number): Row {
  const median = percentile(values, 0.5);
  return {
    name,
    n: values.length,
    min: Math.min(...values),
    median,
    p95: percentile(values, 0.95),
    ratio: median / peer,
  };
}

function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [result[last], result[other]] = [result[other] as T, result[last] as T];
  }
  return result;
}
