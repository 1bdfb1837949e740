/**
 * From a block to a classic script: an async function in sloppy mode inside `with (scope)`, which hands itself to the
 * realm (decision 31). Lines of the script are lines of the block where the language allows it.
 */
import type { EncodedSourceMap } from "@jridgewell/remapping";
import type { Block } from "../../markdown/blocks.ts";
import { type BlockPlace, type ParsedBlock, parseBlock } from "./block-source.ts";
import { type Mappings, pointAtCallees, toDocumentMap } from "./block-source-map.ts";
import { rewriteBlock } from "./rewrite.ts";
import type { Rewrite, WrapperNames } from "./rewrite-edits.ts";
import { checkScript, compileNamespaces, type ScriptStep, transformScript } from "./transform.ts";

export { BlockSyntaxError } from "./block-source.ts";
export { mapStack, readableMessage } from "./block-source-map.ts";

export interface BlockToCompile extends BlockPlace {
  readonly code: string;
  readonly language: Block["language"];
  /** Id of the job; the script hands itself over under it. */
  readonly job: string;
  readonly target: "page" | "node";
  /** Package whose `/jsx-runtime` JSX is for; react when absent. */
  readonly jsxImportSource?: string;
}

export interface CompiledBlock {
  readonly script: string;
  /** From the script to the document. */
  readonly map: EncodedSourceMap;
  /** Literal specifiers of static and dynamic imports, and of the JSX runtime. */
  readonly specifiers: readonly string[];
}

/** @throws BlockSyntaxError */
export async function compileBlock(block: BlockToCompile): Promise<CompiledBlock> {
  const code = block.code.replace(/\r\n?/g, "\n");
  const parsed = parseBlock(code, block.language, block);
  const names = wrapperNames(code);
  const namespaces = await compileNamespaces(code, parsed.body, block);
  const rewrite = rewriteBlock({ ...parsed, code, names, namespaces });
  const wrapped = wrap(rewrite, block.job, parsed.language);
  const isPlain = parsed.language === "js" && !rewrite.needsTransform;
  const options = { loader: parsed.language, host: names.host, block };
  const { script, maps, specifiers } = isPlain
    ? await checkScript(wrapped, block)
    : await transformScript(wrapped, options);
  return {
    script,
    map: toDocumentMap(maps, block, wrapperLine(script)),
    specifiers: [...new Set([...rewrite.specifiers, ...specifiers])],
  };
}

/** The call by which the script runs, all on the first and last line, so that lines keep their numbers. */
function wrap(
  { text, code, declared, head, names, callees }: Rewrite,
  job: string,
  language: ParsedBlock["language"],
): ScriptStep {
  const { scope, host } = names;
  const declare =
    declared.size > 0 ? `;${host}.declare(${scope}, ${JSON.stringify([...declared])});` : "";
  // esbuild's imports of the JSX runtime take the place of this call.
  const runtime = language.endsWith("x") ? `;${host}("jsx");` : "";
  text.appendLeft(head, declare + runtime);
  text.prepend(
    `globalThis["-vitrine"].block(${JSON.stringify(job)}, function (${scope}, ${host}) { with (${scope}) { return (async function () { `,
  );
  text.append("\n}).call(globalThis) } })");
  const map = text.generateDecodedMap({ hires: "boundary" }) as Mappings;
  return { script: text.toString(), maps: [pointAtCallees(map, code, callees)], specifiers: [] };
}

/** The line of the script, 0-based, from which on it is ours again: what stands there is no place of the document. */
function wrapperLine(script: string): number {
  return script.slice(0, script.lastIndexOf(".call(globalThis)")).split("\n").length - 1;
}

/** Names that the code does not contain anywhere. */
function wrapperNames(code: string): WrapperNames {
  let suffix = "";
  while (code.includes(`__scope${suffix}`) || code.includes(`__vitrine${suffix}`)) suffix += "_";
  return { scope: `__scope${suffix}`, host: `__vitrine${suffix}` };
}
