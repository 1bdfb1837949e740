/** The runnable blocks of an open document, with their hashes; parsed once per version. */
import { createHash } from "node:crypto";
import type { TextDocument } from "vscode";
import { readDocument, type Block, type DocumentBlocks } from "../markdown/blocks.ts";
import type { ResultRegion } from "../markdown/regions.ts";
import { codeHash } from "../markdown/results.ts";
import type { StoredResult } from "./lens-texts.ts";

export interface HashedBlock extends Block {
  /** As `Run.code`. */
  readonly hash: string;
  /** What the results below it say of their runs. */
  readonly stored: readonly StoredResult[];
}

interface Parsed extends DocumentBlocks {
  readonly blocks: readonly HashedBlock[];
  readonly version: number;
}

const parsed = new WeakMap<TextDocument, Parsed>();

/** Blocks and result regions of the document as it is now. */
export function blocksOf(document: TextDocument): Parsed {
  const known = parsed.get(document);
  if (known?.version === document.version) return known;
  const { blocks, regions } = readDocument(document.getText());
  const hashed = blocks.map((block) => ({
    ...block,
    hash: codeHash(sha256Hex, block.code),
    stored: block.results.map(toStored),
  }));
  const next = { blocks: hashed, regions, version: document.version };
  parsed.set(document, next);
  return next;
}

/** The block in which a line stands, its fences included. 0-based. */
export function blockAt(document: TextDocument, line: number): HashedBlock | undefined {
  return blocksOf(document).blocks.find(
    ({ startLine, endLine }) => startLine <= line && line <= endLine,
  );
}

function toStored({ realm, state, attributes }: ResultRegion): StoredResult {
  const ms = Number(attributes["ms"]);
  return {
    realm,
    state,
    ms: Number.isFinite(ms) ? ms : 0,
    at: attributes["at"] ?? "",
    code: attributes["code"] ?? "",
  };
}

function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
