/** Compares targets honestly: one run, rounds interleaved in shuffled order, medians with their spread. */

export interface Target<Measured = number> {
  readonly name: string;
  /** One measurement, in the same units for all targets of a comparison. */
  measure(round: number): Promise<Measured>;
}

/** What is compared of each measurement. */
export interface Figure {
  readonly title: string;
  /** Upper bound of our median ÷ the first peer's. */
  readonly goal?: number;
  /** ms when absent. */
  readonly unit?: string;
}

export interface Comparison extends Figure {
  /** The first is ours; every other is a peer. */
  readonly targets: readonly Target[];
  readonly rounds: number;
}

export interface FigureComparison<Name extends string> {
  readonly targets: readonly Target<Readonly<Record<Name, number>>>[];
  readonly rounds: number;
  readonly figures: Readonly<Record<Name, Figure>>;
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
export function compare({ targets, rounds, ...figure }: Comparison): Promise<boolean> {
  return compareFigures({
    rounds,
    figures: { value: figure },
    targets: targets.map(({ name, measure }) => ({
      name,
      measure: async (round) => ({ value: await measure(round) }),
    })),
  });
}

/** The same for measurements of several figures: a table for each. Answers whether all goals hold. */
export async function compareFigures<Name extends string>({
  targets,
  rounds,
  figures,
}: FigureComparison<Name>): Promise<boolean> {
  const measured = new Map<string, Readonly<Record<Name, number>>[]>(
    targets.map(({ name }) => [name, []]),
  );
  for (let round = 0; round <= rounds; round += 1) {
    for (const target of shuffled(targets)) {
      const values = await target.measure(round);
      // Round 0 warms caches and compilers on all sides.
      if (round > 0) measured.get(target.name)?.push(values);
    }
  }
  const names = Object.keys(figures) as Name[];
  return names
    .map((name) =>
      report(
        figures[name],
        new Map([...measured].map(([target, all]) => [target, all.map((values) => values[name])])),
      ),
    )
    .every(Boolean);
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

/** @param samples by target; the first is ours, the second its peer */
function report(
  { title, goal, unit = "ms" }: Figure,
  samples: ReadonlyMap<string, readonly number[]>,
): boolean {
  const peer = percentile([...samples.values()][1] ?? [], 0.5);
  const rows = [...samples].map(([name, values]) => toRow(name, values, peer));
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
