/** Agent and server at one log at the same time (section 19.4): what the file should hold. Pure. */
import { findAnchor, withFooter, withOneAnchor } from "../../markdown/log/anchor.ts";
import { lineEndOf, withoutBlankEnd, withoutBlankStart } from "../../markdown/log/lines.ts";
import { readRequestHeading } from "../../markdown/log/headings.ts";
import { parseRequests } from "../../markdown/log/requests.ts";
import { chooseBase } from "./log-base.ts";
import { withMissingReplies } from "./log-missing.ts";
import {
  commonPrefix,
  fromSegments,
  isBlankSegment,
  toSegments,
  without,
  type Segment,
} from "./log-segments.ts";
import { mergeHistories } from "./log-three-way.ts";

/** A version of a log that this server wrote: the text it read and the text it wrote. */
export interface OwnVersion {
  /** As it stood in the file, not as it was merged. */
  readonly before: string;
  readonly after: string;
  /** Epoch ms. */
  readonly at: number;
  /** `after` stood in the file when it looked half-written; what it says has not been taken in yet. */
  readonly isDoubtful?: boolean;
}

/** Doubtful versions that a text goes on from have been taken in with it. */
export function believe(versions: readonly OwnVersion[], text: string): OwnVersion[] {
  return versions.map((version) => {
    const { before, after, at, isDoubtful } = version;
    return isDoubtful === true && text.startsWith(after.trimEnd())
      ? { before, after, at }
      : version;
  });
}

export interface Reconciled {
  readonly text: string;
  /** Which case of 19.4 C applied. */
  readonly how: "same" | "append" | "stale" | "merge" | "taken";
}

/** A text in its two parts. Without an anchor all of it is history. */
interface Parts {
  readonly text: string;
  readonly history: string;
  /** What stands below the anchor. */
  readonly tail: string;
  /** Offset behind the anchor line without its line end; undefined without an anchor. */
  readonly anchorEnd?: number;
}

/**
 * What the file should hold now (section 19.4).
 * @param known what this server wrote or processed last
 * @param found what stands in the file
 * @param versions what this server has written in the last minute, oldest first
 */
export function reconcile(
  known: string,
  found: string,
  versions: readonly OwnVersion[],
): Reconciled {
  if (found === known) return { text: known, how: "same" };
  const own = toParts(known);
  if (startsAs(found, own)) return { text: found, how: "append" };
  const older = distinct([
    known,
    ...versions.toReversed().flatMap(({ after, before }) => [after, before]),
  ]);
  const foreign = toParts(found);
  const stale = addStale(own, foreign, older.slice(1).map(toParts));
  if (stale !== undefined) return { text: stale, how: "stale" };
  const merged = merge(own, foreign, older);
  if (merged !== undefined) return { text: merged, how: "merge" };
  return { text: withMissingReplies(known, found, versions), how: "taken" };
}

/**
 * What the file should hold when a text turns up that somebody saved over `base` at the moment the server replaced that. They
 * had read it, or an older version.
 */
export function reconcileLate(
  known: string,
  late: { readonly base: string; readonly text: string },
  versions: readonly OwnVersion[],
): string {
  if (late.text === late.base || late.text === known) return known;
  const own = toParts(known);
  const foreign = toParts(late.text);
  const replaced = versions.findLastIndex(({ before }) => before === late.base);
  const before = versions.slice(0, Math.max(0, replaced)).toReversed();
  const older = distinct([late.base, ...before.flatMap((one) => [one.after, one.before])]);
  return (
    addStale(own, foreign, older.map(toParts)) ??
    merge(own, foreign, older) ??
    withMissingReplies(known, late.text, versions)
  );
}

function toParts(text: string): Parts {
  const anchor = findAnchor(text);
  if (anchor === undefined) return { text, history: text, tail: "" };
  const anchorEnd = anchor.line + text.slice(anchor.line, anchor.end).trimEnd().length;
  return { text, history: text.slice(0, anchor.start), tail: text.slice(anchor.end), anchorEnd };
}

/** Whether a text starts with a version up to its anchor line, or with all of one that has no anchor. */
function startsAs(text: string, { text: version, anchorEnd }: Parts): boolean {
  const end = anchorEnd ?? version.length;
  // The anchor line alone already tells most versions apart.
  const from = Math.max(0, end - 200);
  return (
    text.slice(from, end) === version.slice(from, end) &&
    (anchorEnd === undefined || isLineEnd(text, end)) &&
    text.slice(0, end) === version.slice(0, end)
  );
}

function isLineEnd(text: string, at: number): boolean {
  return at === text.length || /^[ \t]*\r?(?:\n|$)/.test(text.slice(at, at + 80));
}

/** A copy of an older version with something added (C.2): the known text with what was added below its anchor. */
function addStale(own: Parts, foreign: Parts, older: readonly Parts[]): string | undefined {
  // Only the footer of the newest text was deleted: then nothing is stale.
  if (foreign.anchorEnd === undefined && tailBelow(foreign, own) !== undefined) return undefined;
  const tails = older.flatMap((version) => {
    const theirs = tailBelow(foreign, version);
    return theirs === undefined ? [] : [{ base: version.tail, theirs }];
  });
  const [first, ...others] = tails;
  if (first === undefined) return undefined;
  // Several versions differ only in what stands below the anchor: the one most like it has been read.
  const { base, theirs } = others.reduce((best, one) => (isCloser(one, best) ? one : best), first);
  return withTail(own, mergeTails({ base, ours: own.tail, theirs }));
}

/** What a text has below the anchor of a version that it starts with. */
function tailBelow(foreign: Parts, version: Parts): string | undefined {
  if (version.text.trim() === "") return undefined;
  if (version.anchorEnd !== undefined && startsAs(foreign.text, version)) {
    const feed = foreign.text.indexOf("\n", version.anchorEnd);
    return feed < 0 ? "" : foreign.text.slice(feed + 1);
  }
  // The footer was deleted, or there was none yet.
  if (foreign.anchorEnd !== undefined) return undefined;
  const history = withoutBlankEnd(version.history);
  if (history === "" || foreign.text.slice(0, history.length) !== history) return undefined;
  const rest = foreign.text.slice(history.length);
  return isLineEnd(rest, 0) ? withoutBlankStart(rest) : undefined;
}

interface Tails {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

/** Whether one tail has less that its base lacks than another has, and of equals misses less of it. */
function isCloser(one: Omit<Tails, "ours">, other: Omit<Tails, "ours">): boolean {
  const { more, less } = tailDistance(one);
  const than = tailDistance(other);
  return more < than.more || (more === than.more && less < than.less);
}

function tailDistance({ base, theirs }: Omit<Tails, "ours">): { more: number; less: number } {
  // A draft that went on is one piece, and another one than it was.
  if (base.trim() !== "" && theirs.startsWith(base.trimEnd()))
    return { more: sizeOf(toSegments(theirs.slice(base.trimEnd().length), "tail")), less: 0 };
  const before = toSegments(base, "tail");
  const foreign = toSegments(theirs, "tail");
  return {
    more: sizeOf(withoutChunk(foreign, before)),
    less: sizeOf(withoutChunk(before, foreign)),
  };
}

function sizeOf(pieces: readonly Segment[]): number {
  return pieces.reduce((sum, piece) => sum + (isBlankSegment(piece) ? 0 : piece.key.length), 0);
}

/** What is to stand below the anchor. A chunk that the server has accepted since is in `base` and `theirs` only. */
function mergeTails({ base, ours, theirs }: Tails): string {
  if (theirs === base || theirs === ours) return ours;
  const [before, own, foreign] = [base, ours, theirs].map((text) => toSegments(text, "tail"));
  if (isSame(foreign!, before!) || isSame(foreign!, own!)) return ours;
  if (isSame(before!, own!)) return theirs;
  const rest = withoutChunk(withoutChunk(foreign!, before!), own!);
  if (rest.every(isBlankSegment)) return ours;
  const end = lineEndOf(ours + theirs);
  const text = fromSegments(rest, end);
  if (ours.trim() === "") return text;
  return `${withoutBlankEnd(ours)}${end}${end}${withoutBlankStart(text)}`;
}

/**
 * The pieces that are not of a chunk. It has to be that chunk, by the same agent: all of it, or a fence of it. Else it is
 * another one that happens to have equal lines.
 */
function withoutChunk(pieces: readonly Segment[], chunk: readonly Segment[]): readonly Segment[] {
  const rest = without(pieces, chunk);
  if (chunk.every(isBlankSegment) || agentOf(pieces) !== agentOf(chunk)) return pieces;
  const left = new Set(rest);
  const isWhole = without(chunk, pieces).every(isBlankSegment);
  return isWhole || pieces.some((piece) => isFence(piece) && !left.has(piece)) ? rest : pieces;
}

/** Of the request heading that a chunk begins with. */
function agentOf(pieces: readonly Segment[]): string | undefined {
  const first = pieces.find((piece) => !isBlankSegment(piece));
  return readRequestHeading(first?.key ?? "")?.agent;
}

function isFence({ key }: Segment): boolean {
  return /^ {0,3}```/.test(key);
}

function isSame(some: readonly Segment[], others: readonly Segment[]): boolean {
  const [a, b] = [some, others].map((all) => all.filter((one) => !isBlankSegment(one)));
  return a!.length === b!.length && a!.every(({ key }, index) => key === b![index]!.key);
}

function merge(own: Parts, foreign: Parts, versions: readonly string[]): string | undefined {
  const base = toParts(chooseBase(foreign.text, versions));
  // Nothing was written meanwhile: what was saved is what is wanted, the anchor's absence included (4.3).
  if (base.text === own.text) return ownAnchor(foreign);
  const theirs = foreign.anchorEnd === undefined ? withRequestBelow(foreign, base) : foreign;
  const history = mergeHistories({
    base: base.history,
    ours: own.history,
    theirs: theirs.history,
  });
  if (history === undefined) return undefined;
  const tail = mergeTails({ base: base.tail, ours: own.tail, theirs: theirs.tail });
  if (history === own.history) return withTail(own, tail);
  return withFooter(history, tail, lineEndOf(own.text));
}

function ownAnchor({ text, anchorEnd }: Parts): string {
  return anchorEnd === undefined ? text : withOneAnchor(text, lineEndOf(text));
}

/** In a text without an anchor the last fence is the request (4.3), if the version it was made from does not have it. */
function withRequestBelow(foreign: Parts, base: Parts): Parts {
  const { lines, blocks } = parseRequests(foreign.text, "");
  const [block] = blocks;
  if (block === undefined) return foreign;
  const at = lines.slice(0, block.open).reduce((sum, { raw }) => sum + raw.length, 0);
  if (at < commonPrefix(foreign.text, base.text)) return foreign;
  return { ...foreign, history: foreign.text.slice(0, at), tail: foreign.text.slice(at) };
}

/** The server's text with something else below its anchor. */
function withTail(own: Parts, tail: string): string {
  if (tail === own.tail) return own.text;
  if (own.anchorEnd === undefined) return withFooter(own.history, tail, lineEndOf(own.text));
  const head = own.text.slice(0, own.text.length - own.tail.length);
  const end = lineEndOf(own.text);
  const whole = head.endsWith("\n") ? head : head + end;
  return whole + (tail.trim() === "" ? end + end : tail);
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
