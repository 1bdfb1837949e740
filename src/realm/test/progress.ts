/** Tells the server how a run goes: what ended since the last message, at most every two seconds, and at the end all. */
import { every, now } from "./clock.ts";
import { totalsOf, type Outcome } from "./outcomes.ts";
import { base, realmName } from "./place.ts";

const everyMs = 2000;
const finalTimeoutMs = 10_000;
/** Characters of all errors of a message: with names and times it stays below what the server reads. */
const errorCharacters = 2_000_000;

export interface Progress {
  add(outcome: Outcome): void;
  /** Sends the last message and waits until the server has it. Never rejects. */
  finish(duration: number): Promise<void>;
  /** Says nothing more. */
  stop(): void;
}

export function startProgress(): Progress {
  const started = now();
  const outcomes: Outcome[] = [];
  let told = 0;
  const stop = every(everyMs, () => {
    const recent = outcomes.slice(told).filter(({ status }) => status !== "skip");
    told = outcomes.length;
    if (recent.length === 0) return;
    const said = header(false, outcomes, now() - started);
    void post({ ...said, recentTests: shortened(recent) });
  });
  return {
    stop,
    add: (outcome) => void outcomes.push(outcome),
    async finish(duration) {
      stop();
      await post({ ...header(true, outcomes, duration), allTests: shortened(outcomes) });
    },
  };
}

function header(complete: boolean, outcomes: readonly Outcome[], duration: number): object {
  return {
    realmName: realmName(),
    complete,
    reportedAt: new Date().toISOString(),
    totals: totalsOf(outcomes),
    duration: Math.round(duration),
  };
}

function shortened(outcomes: readonly Outcome[]): readonly Outcome[] {
  const failures = outcomes.filter(({ error }) => error !== null).length;
  const longest = Math.max(500, Math.floor(errorCharacters / Math.max(failures, 1)));
  return outcomes.map((outcome) =>
    outcome.error === null ? outcome : { ...outcome, error: outcome.error.slice(0, longest) },
  );
}

async function post(body: object): Promise<void> {
  try {
    await fetch(new URL("-daebug-test-progress", base), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(finalTimeoutMs),
    });
  } catch {
    // Progress is for onlookers; the results themselves go another way.
  }
}
