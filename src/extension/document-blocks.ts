/** The runnable blocks of an open document, with their hashes; parsed once per version. */
import { createHash } from "node:crypto";
import type { TextDocument } from "vscode";
import { readDocument, type Block, type DocumentBlocks } from "../markdown/blocks.ts";
import { codeHash } from "../markdown/results.ts";

export interface HashedBlock extends Block {
  /** As `Run.code`. */
  readonly hash: string;
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
  const hashed = blocks.map((block) => ({ ...block, hash: codeHash(sha256Hex, block.code) }));
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

export function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
