/** What a Vite server says, as lines for the server's log and as problems. */
import type { LogErrorOptions, Logger } from "vite";
import type { ViteServerEvents } from "../../protocol/vite-host.ts";
import type { Problems } from "./problems.ts";

type Level = "debug" | "info" | "warn" | "error";

export function say(events: ViteServerEvents, level: Level, message: string): void {
  events.logged({ level, source: "vite", message, at: Date.now() });
}

export function createLogger(problems: Problems, events: ViteServerEvents): Logger {
  const warned = new Set<string>();
  const errors = new WeakSet<object>();
  const logger: Logger = {
    hasWarned: false,
    info: (message) => say(events, "info", message),
    warn(message) {
      logger.hasWarned = true;
      say(events, "warn", message);
    },
    warnOnce(message) {
      if (!warned.has(message)) logger.warn(message);
      warned.add(message);
    },
    error(message, about?: LogErrorOptions) {
      logger.hasWarned = true;
      say(events, "error", message);
      if (about?.error == null) return;
      errors.add(about.error);
      problems.failed(about.error);
    },
    clearScreen() {},
    hasErrorLogged: (error) => errors.has(error),
  };
  return logger;
}
