/**
 * What of a root's logs is history, and what of it survives the process (decision 26). A log's text at the first scan of a
 * server run is never executed; what is appended to it is. A run that ended without a farewell is continued: requests that
 * no realm had go on, results of those that one had are waited for.
 */
import type { Acceptance } from "../../../markdown/log/accept.ts";
import { findAnchor, withFooter } from "../../../markdown/log/anchor.ts";
import { lineEndOf, toText } from "../../../markdown/log/lines.ts";
import { openFence } from "../../../markdown/log/draft.ts";
import {
  headingAbove,
  parseRequests,
  parseTail,
  type ParsedRequests,
} from "../../../markdown/log/requests.ts";
import type { Clock } from "../../clock.ts";
import { LogRequest } from "./request.ts";
import type { Baseline, RunRecord } from "./run-record.ts";

interface Answered {
  readonly code: string;
  readonly heading: string;
}

/** Requests without an anchor that are remembered per log. */
const keptAnswers = 20;

export class LogHistory {
  readonly #record: RunRecord;
  readonly #clock: Clock;
  /** Complete requests that stood in a tail when the run began, by key. */
  readonly #oldTails = new Map<string, string>();
  /** What stood in logs without an anchor when the run began, by key. */
  readonly #oldCodes = new Map<string, string>();
  readonly #answered = new Map<string, Answered[]>();

  constructor(record: RunRecord, clock: Clock) {
    this.#record = record;
    this.#clock = clock;
  }

  /** An interrupted run goes on: what was history then still is. */
  restore(): void {
    for (const [key, baseline] of this.#record.baselines()) this.#take(key, baseline ?? {});
  }

  /** The text of a log as the run found it. */
  baseline(key: string, text: string): void {
    const anchor = findAnchor(text);
    const code = anchor === undefined ? parseRequests(text, key).blocks[0]?.code : undefined;
    const tail = anchor === undefined ? "" : completeRequests(text.slice(anchor.end));
    const baseline: Baseline = {
      ...(code === undefined ? {} : { code }),
      ...(tail === "" ? {} : { tail }),
    };
    this.#record.saveBaseline(key, baseline);
    this.#take(key, baseline);
  }

  /** Whether a log was there when the run began: who finds it for the first time later finds history. */
  wasThere(key: string): boolean {
    return this.#record.baselines().has(key);
  }

  /** The text with its old tail above the anchor, where nothing runs. */
  withoutOld(key: string, text: string): string {
    const old = this.#oldTails.get(key)?.trim();
    const anchor = old === undefined ? undefined : findAnchor(text);
    if (old === undefined || anchor === undefined) return text;
    const tail = text.slice(anchor.end);
    // An answer that is written above the anchor may leave another number of empty lines below it.
    const at = tail.length - tail.trimStart().length;
    if (!tail.startsWith(old, at)) return text;
    const fresh = tail.slice(at + old.length);
    const end = lineEndOf(text);
    const above = text.slice(0, anchor.start);
    if (fresh.trim() === "") return withFooter(above + tail, "", end);
    return withFooter(above + tail.slice(0, at) + old + end, fresh, end);
  }

  /** A text whose last fence is a request without an anchor, with that request below one. */
  withAnchor(key: string, text: string): string {
    const { anchor, blocks, lines } = parseRequests(text, key);
    const [block] = blocks;
    if (anchor !== undefined || block === undefined) return text;
    const above = headingAbove(lines, block.open);
    const heading = lines[above?.line ?? -1]?.text ?? "";
    if (this.isAnswered(key, { code: block.code, heading })) return text;
    const from = above?.line ?? block.open;
    const head = toText(lines.slice(0, from));
    return withFooter(head, toText(lines.slice(from)), lineEndOf(text));
  }

  /** Whether a block stood below the anchor when the run began, and was changed around since. */
  isOld(key: string, code: string): boolean {
    const old = this.#oldTails.get(key);
    if (old === undefined) return false;
    return requestsOf(old).some(({ blocks }) => blocks.some((block) => block.code === code));
  }

  isAnswered(key: string, { code, heading }: Answered): boolean {
    if (this.#oldCodes.get(key) === code) return true;
    const known = this.#answered.get(key) ?? [];
    return known.some((one) => one.code === code && one.heading === heading);
  }

  /** @param text as it stands in the file */
  accepted(key: string, { heading, blocks }: Acceptance, text: string): void {
    this.#forgetOld(key, text);
    const all = this.#answered.get(key) ?? [];
    this.#answered.set(
      key,
      [...all, ...blocks.map(({ code }) => ({ code, heading }))].slice(-keptAnswers),
    );
  }

  /** The request that an earlier process of this run had accepted. */
  request(key: string): LogRequest | undefined {
    const saved = this.#record.requests().find(({ options }) => options.name === key);
    return saved === undefined ? undefined : LogRequest.restore(saved, this.#clock);
  }

  save(key: string, request: LogRequest | undefined): void {
    this.#record.saveRequest(key, request?.save());
  }

  /** What stands above the anchor needs no care any more. */
  #forgetOld(key: string, text: string): void {
    const old = this.#oldTails.get(key);
    if (old === undefined) return;
    const tail = text.slice(findAnchor(text)?.end ?? text.length);
    if (tail.includes(old.trim())) return;
    this.#oldTails.delete(key);
    this.#record.saveBaseline(key, null);
  }

  #take(key: string, { tail, code }: Baseline): void {
    if (tail !== undefined) this.#oldTails.set(key, tail);
    if (code !== undefined) this.#oldCodes.set(key, code);
  }
}

/** What of a tail is complete. A draft is not history: an agent that completes it wants it to run. */
function completeRequests(tail: string): string {
  const whole = tail.slice(0, openFence(tail));
  const last = requestsOf(whole).at(-1);
  return last === undefined ? "" : whole.slice(0, whole.length - last.rest.length);
}

function requestsOf(tail: string): ParsedRequests[] {
  const all: ParsedRequests[] = [];
  for (let rest = tail; rest !== "";) {
    const parsed = parseTail(rest, "");
    if (parsed.blocks.length === 0) break;
    all.push(parsed);
    rest = parsed.rest;
  }
  return all;
}
