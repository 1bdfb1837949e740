/** Whether a server that serves still answers (dev-servers 3.2): three missed probes are a loss, one good one ends it. */
import type { Clock } from "../../clock.ts";

export interface HealthOptions {
  readonly clock: Clock;
  probe(): Promise<boolean>;
  /** Told once, after the third miss in a row. */
  lost(): void;
  /** It answers again. */
  back(): void;
  /** It counts as lost already. */
  readonly isLost?: boolean;
}

/** Ms between two probes. */
const everyMs = 5000;
const missesAllowed = 3;

/** @returns ends it; nothing is told any more */
export function watchHealth({
  clock,
  probe,
  lost,
  back,
  isLost = false,
}: HealthOptions): () => void {
  let misses = isLost ? missesAllowed : 0;
  let isProbing = false;
  let isOver = false;

  const look = async (): Promise<void> => {
    if (isProbing) return;
    isProbing = true;
    const isUp = await probe();
    isProbing = false;
    if (isOver) return;
    const before = misses;
    misses = isUp ? 0 : misses + 1;
    if (misses === missesAllowed) lost();
    if (isUp && before >= missesAllowed) back();
  };

  const end = clock.every(everyMs, () => void look());
  return () => {
    isOver = true;
    end();
  };
}
