/** Notices a server that hangs (P-04). */

export interface HeartbeatOptions {
  ping(): Promise<void>;
  /** Three intervals passed without an answer. Called once. */
  dead(): void;
  /** Ms between two pings. */
  readonly interval?: number;
  /** Monotonic ms. */
  readonly now?: () => number;
}

const missesAllowed = 3;

/**
 * Pings until it is stopped.
 * @returns stops it.
 */
export function startHeartbeat({
  ping,
  dead,
  interval = 5000,
  now = () => performance.now(),
}: HeartbeatOptions): () => void {
  let last = now();
  let missed = 0;
  let waiting = false;

  const send = (): void => {
    waiting = true;
    ping().then(
      () => {
        waiting = false;
        missed = 0;
      },
      // A refused or late ping is simply not an answer; the counter below decides.
      () => {},
    );
  };
  const tick = (): void => {
    const elapsed = now() - last;
    last = now();
    // A jump means that the machine slept or that this process was held: nobody could have answered (P-08).
    if (elapsed > 2 * interval) missed = 0;
    else if (waiting) missed += 1;
    if (missed < missesAllowed) return send();
    clearInterval(timer);
    dead();
  };

  const timer = setInterval(tick, interval);
  timer.unref();
  send();
  return () => clearInterval(timer);
}
