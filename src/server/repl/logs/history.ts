/**
 * What of a root's logs is history, and what of it survives the process (decision 26). A log's text at the first scan of a
 * server run is never executed; what is appended to it is. A run that ended without a farewell is continued: requests that
 * no realm had go on, results of those that one had are waited for.
 */
import type { Acceptance } from "../../../markdown/log/accept.ts";
import { findAnchor, withFooter } from "../../../markdown/log/anchor.ts";
import { lineEndOf } from "../../../markdown/log/lines.ts";
import { parseRequests } from "../../../markdown/log/requests.ts";
import { LogRequest, type SavedRequest } from "./request.ts";

interface Answered {
  readonly code: string;
  readonly heading: string;
}

/** Requests without an anchor that are remembered per log. */
const keptAnswers = 20;

export class LogHistory {
  /** Complete requests that stood in a tail when the run began, by key. */
  readonly #oldTails = new Map<string, string>();
  readonly #answered = new Map<string, Answered[]>();
  readonly #requests = new Map<string, SavedRequest>();
  /** Whether an earlier process of this run may have accepted something. */
  isContinued = false;
  readonly #saved: (requests: readonly SavedRequest[]) => void;

  /** @param saved called with everything that must survive, whenever it changes */
  constructor(saved: (requests: readonly SavedRequest[]) => void) {
    this.#saved = saved;
  }

  /** The text of a log as the run found it. */
  baseline(key: string, text: string): void {
    const parsed = parseRequests(text, key);
    const [first] = parsed.blocks;
    // A draft is not history: an agent that completes it wants it to run.
    if (first === undefined) return;
    if (parsed.anchor === undefined) this.#remember(key, { code: first.code, heading: "" }, true);
    else this.#oldTails.set(key, text.slice(parsed.anchor.end));
  }

  /** The text with its old tail above the anchor, where nothing runs. */
  withoutOld(key: string, text: string): string {
    const old = this.#oldTails.get(key);
    const anchor = old === undefined ? undefined : findAnchor(text);
    if (old === undefined || anchor === undefined) return text;
    const tail = text.slice(anchor.end);
    if (!tail.startsWith(old.trimEnd())) {
      this.#oldTails.delete(key);
      return text;
    }
    const fresh = tail.slice(old.trimEnd().length);
    if (fresh.trim() === "")
      return withFooter(text.slice(0, anchor.start) + tail, "", lineEndOf(text));
    return withFooter(
      text.slice(0, anchor.start) + old.trimEnd() + lineEndOf(text),
      fresh,
      lineEndOf(text),
    );
  }

  isAnswered(key: string, { code, heading }: Answered): boolean {
    const known = this.#answered.get(key) ?? [];
    return known.some(
      (one) => one.code === code && (one.heading === "" || one.heading === heading),
    );
  }

  accepted(key: string, { heading, blocks }: Acceptance): void {
    this.#oldTails.delete(key);
    for (const { code } of blocks) this.#remember(key, { code, heading }, false);
  }

  /** The request that an earlier process of this run had accepted. */
  request(key: string): LogRequest | undefined {
    const saved = this.#requests.get(key);
    return saved === undefined ? undefined : LogRequest.restore(saved);
  }

  /** An interrupted run goes on: these are its requests in progress. */
  restore(requests: readonly SavedRequest[]): void {
    this.isContinued = true;
    for (const saved of requests) this.#requests.set(saved.options.name, saved);
  }

  save(key: string, request: LogRequest | undefined): void {
    if (request === undefined) this.#requests.delete(key);
    else this.#requests.set(key, request.save());
    this.#saved([...this.#requests.values()]);
  }

  #remember(key: string, answered: Answered, isBaseline: boolean): void {
    const all = [...(this.#answered.get(key) ?? []), answered];
    // What stood there at the start holds for the whole run.
    this.#answered.set(key, isBaseline ? all : all.slice(-keptAnswers));
  }
}
