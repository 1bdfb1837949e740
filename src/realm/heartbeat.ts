/** Finds out whether a worker still answers. */
import { natives } from "./natives.ts";
import type { WorkerLink } from "./worker-link.ts";

export interface Heartbeat {
  /** Ms between two pings. */
  readonly pingMs: number;
  /** Ms without a pong after which a worker is silent. */
  readonly silenceMs: number;
  /** Ms of answered pings after which earlier restarts are forgotten. */
  readonly goodMs: number;
}

export const defaultHeartbeat: Heartbeat = { pingMs: 10_000, silenceMs: 20_000, goodMs: 60_000 };

export interface HeartbeatListener {
  /** It does not answer; said once, then it is watched no longer. */
  silent(silentMs: number): void;
  /** It has answered for `goodMs`. */
  good(): void;
}

export interface Pulse {
  /** It answered. */
  pong(): void;
  stop(): void;
}

type Clock = Pick<typeof natives, "now" | "setTimeout" | "clearTimeout">;

export function watchPulse(
  worker: WorkerLink,
  { pingMs, silenceMs, goodMs }: Heartbeat,
  listener: HeartbeatListener,
  clock: Clock = natives,
): Pulse {
  /** So often it is looked whether something is due. */
  const lookMs = Math.min(pingMs, silenceMs) / 4;
  const began = clock.now();
  let pongAt = began;
  /** Time of the ping that is not answered yet. */
  let pingedAt: number | undefined;
  let timer: number | undefined;

  function look(planned: number): void {
    const now = clock.now();
    const silentMs = now - pongAt;
    // Timers of a hidden page, of a frozen one or of a sleeping machine come late: then the worker's silence says nothing.
    if (now - planned > lookMs && pingedAt !== undefined) pingedAt = now;
    if (pingedAt === undefined && silentMs >= pingMs) {
      pingedAt = now;
      worker.ping();
    }
    const isLate = pingedAt !== undefined && now - pingedAt > silenceMs / 4;
    if (isLate && silentMs > silenceMs) return listener.silent(Math.round(silentMs));
    timer = clock.setTimeout(() => look(now + lookMs), lookMs);
  }

  look(began);
  return {
    pong() {
      pongAt = clock.now();
      pingedAt = undefined;
      if (pongAt - began >= goodMs) listener.good();
    },
    stop: () => clock.clearTimeout(timer),
  };
}
