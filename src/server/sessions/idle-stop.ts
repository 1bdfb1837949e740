/** A server that nobody looks at and nobody edits for is ended (dev-servers section 13). */
import type { Realms } from "../realms/realms.ts";
import type { SessionRunner } from "./session.ts";

export interface IdleStopParts {
  readonly realms: Realms;
  runners(): Iterable<SessionRunner>;
  /** Sessions whose pages show a project as a plugin. */
  shownBy(id: string): readonly string[];
  /** Ms; 0 never. */
  idleStop(): number;
  stop(runner: SessionRunner): void;
}

/** Ms between two looks; a setting may be a fraction of it in tests alone. */
const lookEveryMs = 60_000;

/** @returns ends it */
export function watchIdle({ realms, runners, shownBy, idleStop, stop }: IdleStopParts): () => void {
  /** Monotonic ms when a page of it was last there. */
  const lastPage = new WeakMap<SessionRunner, number>();
  let timer: NodeJS.Timeout | undefined;

  const look = (): void => {
    const limit = idleStop();
    const now = performance.now();
    const pages = realms.all().filter(({ kind }) => kind === "page" || kind === "iframe");
    const shown = new Set(pages.map(({ session }) => session));
    for (const runner of runners()) {
      // A plugin is in the page of another project.
      if (shown.has(runner.id) || shownBy(runner.id).some((id) => shown.has(id)))
        lastPage.set(runner, now);
      const idle = now - Math.max(lastPage.get(runner) ?? 0, runner.lastEdit);
      // A process outside is not ours to end.
      const isOurs = runner.isLive && runner.ui?.kind !== "attached";
      if (limit > 0 && isOurs && idle >= limit) stop(runner);
    }
    schedule();
  };
  const schedule = (): void => {
    const limit = idleStop();
    timer = setTimeout(look, limit > 0 ? Math.min(lookEveryMs, limit) : lookEveryMs).unref();
  };

  schedule();
  return () => clearTimeout(timer);
}
