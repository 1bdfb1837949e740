/** Why a job ended without an answer, in the words of its realm. */
import { UserError } from "../../protocol/errors.ts";
import type { LiveRealm } from "../realms/realms.ts";

export function stopped(realm: LiveRealm): UserError {
  return new UserError("cancelled", stoppedText(realm));
}

function stoppedText({ kind, companion }: LiveRealm): string {
  if (kind === "node") return "Stopped. The Node process was ended; its bindings are gone";
  if (companion) return "Stopped. The worker was restarted; its bindings are gone";
  return `Stopped waiting. A ${placeWord(kind)} cannot be interrupted: code that loops for ever ends when the page is reloaded`;
}

/** It did not even say that it began. */
export function silent({ kind }: LiveRealm): UserError {
  return new UserError(
    "deadline",
    kind === "node"
      ? "The Node process does not answer. It was ended; run the block again"
      : `The ${placeWord(kind)} does not answer. Reload the page and run the block again`,
  );
}

export function tooLong(timeout: number): UserError {
  return new UserError(
    "deadline",
    `Not finished after ${timeout / 1000} s (setting vitrine.runTimeout)`,
  );
}

export function notConnected({ name, kind }: LiveRealm): UserError {
  return new UserError(
    "realm_gone",
    kind === "node"
      ? `${name} has ended. Run the block again`
      : `${name} is not connected. Open its preview and run the block again`,
  );
}

export function refusedRealm({ name }: LiveRealm): UserError {
  return new UserError(
    "unsupported",
    `${name} is a service worker, and blocks do not run in one. Choose a page or a worker`,
  );
}

export function reloaded({ kind }: LiveRealm): string {
  return kind === "worker"
    ? "The worker was started anew while the block ran. Run it again"
    : "The page was reloaded while the block ran. Run it again";
}

/** The words of the REPL specification, 13.2. */
export function unresponsive(silentMs: number, restarted: boolean): string {
  return restarted
    ? `worker unresponsive for ${silentMs}ms, restarted`
    : `worker unresponsive for ${silentMs}ms, not restarted again before its page is reloaded`;
}

function placeWord(kind: LiveRealm["kind"]): string {
  return kind === "worker" ? "worker" : kind === "iframe" ? "frame" : "page";
}
