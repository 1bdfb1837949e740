/** The blocks of a document that can be run, each with the results that stand below it. */

import { scanDocument } from "./fences.ts";
import { type BlockInfo, type BlockLanguage, languageOf, parseInfo } from "./info.ts";
import { findRegions, type ResultRegion } from "./regions.ts";
import type { Fence } from "./scan.ts";

/** A runnable block. Offsets and columns are UTF-16 units; indexes, lines and columns are 0-based. */
export interface Block extends BlockInfo {
  /** Among the runnable blocks of the document. */
  readonly index: number;
  readonly language: BlockLanguage;
  /** What stands behind the opening fence. */
  readonly info: string;
  /** Without the indentation of its list item, with LF, without a last line end. */
  readonly code: string;
  /** The first fence character, and the end of the closing line. */
  readonly start: number;
  readonly end: number;
  /** Lines of the two fences. */
  readonly startLine: number;
  readonly endLine: number;
  /** Place of the first line of `code` in the document. */
  readonly codeLine: number;
  readonly codeColumn: number;
  /** For each line of `code` what to add to its columns to get columns of the document: the indentation. */
  readonly columns: readonly number[];
  /** White space in front of a result below the block. */
  readonly indentation: string;
  /** In the order of the document. */
  readonly results: readonly ResultRegion[];
}

export interface DocumentBlocks {
  readonly blocks: readonly Block[];
  /** All of the document, also those that belong to no block. */
  readonly regions: readonly ResultRegion[];
}

/**
 * The runnable blocks: closed fences of a language that runs, outside block quotes and outside results (E-05). An
 * unclosed fence is still being written.
 */
export function findBlocks(text: string): readonly Block[] {
  return readDocument(text).blocks;
}

/** `findBlocks`, with the regions that belong to no block as well. */
export function readDocument(text: string): DocumentBlocks {
  const { fences, markers } = scanDocument(text);
  const regions = findRegions(markers);
  const outside = outsideRegions(fences, regions);
  const blocks: Block[] = [];
  let from = 0;
  for (const [position, fence] of outside.entries()) {
    const language = fence.closed && !fence.inQuote ? languageOf(fence.info) : undefined;
    if (!language) continue;
    while (from < regions.length && regions[from]!.start < fence.end) from += 1;
    const before = outside[position + 1]?.start ?? text.length;
    const results = adjacentRegions(text, { regions, from, end: fence.end, before });
    blocks.push(toBlock(text, fence, { index: blocks.length, language, results }));
  }
  return { blocks, regions };
}

function outsideRegions(
  fences: readonly Fence[],
  regions: readonly ResultRegion[],
): readonly Fence[] {
  let index = 0;
  return fences.filter((fence) => {
    while (index < regions.length && regions[index]!.end < fence.start) index += 1;
    return !(regions[index] && regions[index]!.start < fence.start);
  });
}

interface Place {
  readonly regions: readonly ResultRegion[];
  /** Index of the first region that can belong to the block. */
  readonly from: number;
  /** End of the block, and start of the next fence. */
  readonly end: number;
  readonly before: number;
}

/** The regions right below. Formatters put blank lines between; those are accepted, and kept by the next run. */
function adjacentRegions(
  text: string,
  { regions, from, end, before }: Place,
): readonly ResultRegion[] {
  const results: ResultRegion[] = [];
  let above = end;
  for (let index = from; index < regions.length; index += 1) {
    const region = regions[index]!;
    if (region.start > before || text.slice(above, region.start).trim() !== "") break;
    results.push(region);
    above = region.end;
  }
  return results;
}

function toBlock(
  text: string,
  fence: Fence,
  rest: Pick<Block, "index" | "language" | "results">,
): Block {
  const { start, end, startLine, endLine, indentation, lines, info } = fence;
  const code = lines
    .map((line) => " ".repeat(line.padding) + text.slice(line.start, line.end))
    .join("\n");
  const columns = lines.map(({ shift }) => shift);
  return {
    ...rest,
    ...parseInfo(info),
    info,
    code,
    start,
    end,
    startLine,
    endLine,
    codeLine: startLine + 1,
    codeColumn: columns[0] ?? 0,
    columns,
    indentation,
  };
}
