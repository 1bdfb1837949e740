/** Accepting a request: one edit that gives it its heading and the region of its first block (section 5). Pure. */
import { withOneAnchor } from "./anchor.ts";
import { ensureTitle, splice } from "./edits.ts";
import { findFences } from "./fences.ts";
import {
  formatAgentHeader,
  formatExecutingHeader,
  formatPlaceholder,
  type Moment,
} from "./format.ts";
import {
  isBlank,
  lineEndOf,
  toText,
  withLineEnds,
  withoutBlankEnd,
  withoutBlankStart,
  type LineEnd,
  type LogLine,
} from "./lines.ts";
import { headingAbove, parseRequests, type ParsedRequests, type RequestBlock } from "./requests.ts";

export interface AcceptOptions {
  /** Name of the realm. */
  readonly name: string;
  /** The server's clock: an agent's own time is invented. */
  readonly at: Moment;
  /** What the server wrote or processed last. */
  readonly known?: string;
  /** Whether the realm is there: else the placeholder says that it is waited for. */
  readonly waiting?: boolean;
  /** Whether a request that stands there without an anchor was answered before (4.3, rule 4). */
  isAnswered?(request: { readonly code: string; readonly heading: string }): boolean;
  /** Whether a block below the anchor is none of the request (decision 26). */
  isOld?(code: string): boolean;
}

export interface Acceptance {
  readonly text: string;
  readonly agent: string;
  /** The request heading as it stands in the text. */
  readonly heading: string;
  readonly blocks: readonly RequestBlock[];
}

/** @returns undefined when there is nothing to accept: no request, or a draft */
export function acceptRequest(text: string, options: AcceptOptions): Acceptance | undefined {
  // A byte order mark stays in front of everything, and is part of nothing.
  if (text.startsWith("\uFEFF")) {
    const known = options.known?.replace(/^\uFEFF/, "");
    const accepted = acceptRequest(text.slice(1), {
      ...options,
      ...(known === undefined ? {} : { known }),
    });
    return accepted && { ...accepted, text: `\uFEFF${accepted.text}` };
  }
  const found = parseRequests(text, options.name, options.known);
  const blocks = found.blocks.filter(({ code }) => options.isOld?.(code) !== true);
  const parsed = { ...found, blocks };
  if (blocks.length === 0) return undefined;
  const accepted =
    parsed.anchor === undefined
      ? acceptLastFence(parsed, options)
      : acceptTail(text, parsed, options);
  if (accepted === undefined) return undefined;
  const end = lineEndOf(text);
  return {
    ...accepted,
    blocks,
    text: ensureTitle(withOneAnchor(accepted.text, end), options.name),
  };
}

/** The executing region of a block, as it is written first. */
export function formatRegion(
  name: string,
  agent: string,
  { at, waiting = false }: Pick<AcceptOptions, "at" | "waiting">,
): string {
  return `${formatExecutingHeader(name, agent, at)}\n${formatPlaceholder(0, waiting)}`;
}

type Placed = Pick<Acceptance, "text" | "agent" | "heading">;

function acceptTail(text: string, parsed: ParsedRequests, options: AcceptOptions): Placed {
  const { agent, lines, blocks, anchor, rest } = parsed;
  const end = lineEndOf(text);
  const [first] = blocks;
  const { open, close } = first!;
  const turn = lastTurnHeading(lines, open) + 1;
  const heading = formatAgentHeader(agent, options.name, options.at);
  const parts = [
    withoutBlankEnd(text.slice(0, anchor!.start)),
    block(lines.slice(0, turn)),
    headed(heading, lines.slice(turn, close + 1), end),
    withLineEnds(formatRegion(options.name, agent, options), end),
    block(lines.slice(close + 1)),
  ];
  const whole = parts.filter((part) => part !== "").join(end + end);
  // The anchor follows; without a line end its rule would make a heading of the last line.
  const footer = text.slice(anchor!.start, anchor!.end);
  const below = rest.trim() === "" ? "" : end + rest;
  return { agent, heading, text: `${whole}${end}${end}${footer}${below}` };
}

/** Index of the last heading of level 1 or 2 in the prose before a fence, -1 for none. */
function lastTurnHeading(lines: readonly LogLine[], before: number): number {
  const { closed } = findFences(lines);
  return lines
    .slice(0, before)
    .findLastIndex(
      ({ text }, index) =>
        /^##? /.test(text) && !closed.some(({ open, close }) => index > open && index < close),
    );
}

/** The heading directly above a fence, with a blank line above prose. */
function headed(heading: string, lines: readonly LogLine[], end: LineEnd): string {
  const body = block(lines);
  return /^ {0,3}```/.test(body) ? heading + end + body : heading + end + end + body;
}

function block(lines: readonly LogLine[]): string {
  return withoutBlankEnd(withoutBlankStart(toText(lines)));
}

function acceptLastFence(parsed: ParsedRequests, options: AcceptOptions): Placed | undefined {
  const { lines, blocks } = parsed;
  const { open, close, code } = blocks[0]!;
  const above = headingAbove(lines, open);
  if (options.isAnswered?.({ code, heading: lines[above?.line ?? -1]?.text ?? "" }))
    return undefined;
  const agent = above?.heading.agent ?? "agent";
  const heading = formatAgentHeader(agent, options.name, options.at);
  const text = toText(lines);
  const end = lineEndOf(text);
  const before =
    above === undefined
      ? toText(lines.slice(0, open))
      : withoutLine(lines.slice(0, open), above.line);
  const fence = withoutBlankEnd(toText(lines.slice(open, close + 1)));
  const region = withLineEnds(formatRegion(options.name, agent, options), end);
  const request = `${heading}${end}${fence}${end}${end}${region}`;
  const whole = before + toText(lines.slice(close + 1));
  return { agent, heading, text: splice(whole, before.length, before.length, request) };
}

/** Lines without one of them, and without the second of two blank ones around it. */
function withoutLine(lines: readonly LogLine[], index: number): string {
  const above = toText(lines.slice(0, index));
  const below = toText(lines.slice(index + 1));
  const isSetOff = index === 0 || isBlank(lines[index - 1]!);
  return above + (isSetOff ? withoutBlankStart(below) : below);
}
