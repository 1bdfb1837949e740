/** What the parts of a rewrite share. */
import type { MagicString } from "magic-string";
import type { SyntaxNode } from "./block-source.ts";

/** Names of the two parameters of the wrapper, unlike any in the code. */
export interface WrapperNames {
  readonly scope: string;
  readonly host: string;
}

export interface Rewrite {
  readonly code: string;
  readonly text: MagicString;
  readonly names: WrapperNames;
  /** Literal specifiers of imports, in order of appearance. */
  readonly specifiers: Set<string>;
  /** Top-level bindings, in order of appearance. */
  readonly declared: Set<string>;
  /** Offset behind the directives: what is hoisted goes there. */
  readonly head: number;
  /** A statement stands before the one in hand that hoisting must pass. */
  passed: boolean;
  /** Starts of variable declarations in loop heads, which are rewritten with their loop. */
  readonly loopHeads: Set<number>;
  /** Callees that were put in parentheses. */
  readonly callees: Pick<SyntaxNode, "start" | "end">[];
  /** Syntax for which only esbuild can give older code: `using` and decorators. */
  needsTransform: boolean;
}

/** Replaces a piece by text and as many line ends as it had, so that the lines below keep their numbers. */
export function replace(
  { code, text }: Rewrite,
  { start, end }: Pick<SyntaxNode, "start" | "end">,
  by: string,
): void {
  if (end > start) text.update(start, end, by + code.slice(start, end).replace(/[^\n]/g, ""));
}

/** Moves a statement in front of all others that are not hoisted. */
export function hoist({ text, head, passed }: Rewrite, { start, end }: SyntaxNode): void {
  if (passed) text.move(start, end, head);
}
