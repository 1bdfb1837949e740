/** JSON with comments and trailing commas, with the place of everything in it. Linear, and safe with any key. */
import { findNodeAtLocation, parseTree, printParseErrorCode, type Node } from "jsonc-parser";
import type { ParseError } from "jsonc-parser";

/** Keys and indexes from the top. */
export type JsonPath = readonly (string | number)[];

/** 1-based; `end` is where the range ends, exclusive. */
export interface JsonPlace {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export interface JsonText {
  /** Undefined for an empty text, and for what no tree could be made of. */
  readonly value: unknown;
  readonly errors: readonly (JsonPlace & { readonly message: string })[];
  /** Place of a value, or of the deepest part of the path that is there. */
  placeOf(path: JsonPath): JsonPlace;
  /** Place of the key that a path ends with. */
  placeOfKey(path: JsonPath): JsonPlace;
}

/** Deeper than any configuration; the parser is recursive. */
const deepest = 100;

/** @param text without byte order mark */
export function readJsonText(text: string): JsonText {
  const starts = lineStarts(text);
  const place = (offset: number, length: number): JsonPlace => {
    const start = positionAt(starts, offset);
    const end = positionAt(starts, offset + length);
    return { ...start, endLine: end.line, endColumn: end.column };
  };
  const tooDeep = depthBeyond(text, deepest);
  if (tooDeep !== undefined) {
    const message = `is nested more than ${deepest} levels deep`;
    return {
      value: undefined,
      errors: [{ ...place(tooDeep, 1), message }],
      placeOf: () => place(0, 0),
      placeOfKey: () => place(0, 0),
    };
  }
  const found: ParseError[] = [];
  const tree = parseTree(text, found, { allowTrailingComma: true, allowEmptyContent: true });
  const deepestNode = (path: JsonPath): Node | undefined => {
    if (tree === undefined) return undefined;
    for (let length = path.length; length > 0; length--) {
      const node = findNodeAtLocation(tree, path.slice(0, length));
      if (node !== undefined) return node;
    }
    return tree;
  };
  const placeOfNode = (node: Node | undefined): JsonPlace =>
    node === undefined ? place(0, 0) : place(node.offset, node.length);
  return {
    value: tree === undefined ? undefined : toValue(tree),
    errors: found.map(({ error, offset, length }) => ({
      ...place(offset, length),
      message: words(printParseErrorCode(error)),
    })),
    placeOf: (path) => placeOfNode(deepestNode(path)),
    placeOfKey: (path) => {
      const node = deepestNode(path);
      return placeOfNode(node?.parent?.type === "property" ? node.parent.children?.[0] : node);
    },
  };
}

/** Every key becomes an own property: `__proto__` must not become a prototype. */
function toValue(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(toValue);
  if (node.type !== "object") return node.value as unknown;
  const value: Record<string, unknown> = {};
  for (const { children: [key, content] = [] } of node.children ?? []) {
    if (key === undefined || content === undefined) continue;
    Object.defineProperty(value, String(key.value), {
      value: toValue(content),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return value;
}

/** Offset of the first bracket deeper than `limit`; brackets in texts and comments count for none. */
function depthBeyond(text: string, limit: number): number | undefined {
  const token = /"(?:[^"\\\r\n]|\\.)*"?|\/\/[^\r\n]*|\/\*[^]*?(?:\*\/|$)|[[{\]}]/g;
  let depth = 0;
  for (const { 0: found, index } of text.matchAll(token)) {
    if (found === "[" || found === "{") depth++;
    else if (found === "]" || found === "}") depth--;
    if (depth > limit) return index;
  }
  return undefined;
}

function lineStarts(text: string): readonly number[] {
  return [0, ...[...text.matchAll(/\r\n|\r|\n/g)].map(({ 0: end, index }) => index + end.length)];
}

/** 1-based line and column in UTF-16 code units. */
function positionAt(starts: readonly number[], offset: number): { line: number; column: number } {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}

/** `CommaExpected` as `comma expected`. */
function words(code: string): string {
  return code.replace(/(?!^)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).toLowerCase();
}
