/** One transformed module as a function text: Vite's module-runner form of its own client output, synchronous where it can be. */
import { createHash } from "node:crypto";
import type { TransformResult } from "vite";
import type { Vite } from "../vite-host/main.ts";

export interface PackedModule {
  /** Function expression. Its first line is the head alone, so that the code keeps its columns. */
  readonly text: string;
  /** Keys of static imports. */
  readonly deps: readonly string[];
  /** It has top-level await. */
  readonly isAsync: boolean;
  /** First 16 hex digits of SHA-256 over the text. */
  readonly hash: string;
  /** What it was made from; absent when it comes from a stored pack. */
  readonly result?: TransformResult;
}

type RunnerTransform = Vite["moduleRunnerTransform"];
export type RunnerResult = NonNullable<Awaited<ReturnType<RunnerTransform>>>;

const parameters =
  "__vite_ssr_exports__,__vite_ssr_import_meta__,__vite_ssr_import__,__vite_ssr_dynamic_import__,__vite_ssr_exportAll__,__vite_ssr_exportName__";

/** @param prologue statements before the module's own, on the head line */
export async function wrapModule(
  vite: Vite,
  result: TransformResult,
  prologue = "",
): Promise<PackedModule> {
  const runner = await runnerForm(vite, result, "module.js", false);
  const { code, isComplete } = withoutImportAwaits(runner.code);
  const isAsync = !isComplete || (await hasTopLevelAwait(vite, result.code));
  const text = `${isAsync ? "async " : ""}function(${parameters}){"use strict";${prologue}\n${code}\n}`;
  return { text, deps: runner.deps ?? [], isAsync, hash: hashOf(text), result };
}

/**
 * @param mapped whether a source map is wanted: it costs as much as the rest, and few are ever asked for. The lines of the
 * code are the same either way.
 */
export async function runnerForm(
  vite: Vite,
  result: TransformResult,
  url: string,
  mapped: boolean,
): Promise<RunnerResult> {
  const code = withoutTailComments(result.code);
  const map = mapped ? (result.map as never) : ({ mappings: "" } as never);
  const runner = await vite.moduleRunnerTransform(code, map, url, code);
  if (runner === null) throw new Error(`${url} has no module-runner form`);
  return runner;
}

export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** Comments that name another source or map would rename the whole pack. They stand last. */
function withoutTailComments(code: string): string {
  return code.replace(/(?:\n\/\/[#@] source(?:Mapping)?URL=[^\n]*\s*)+$/, "\n");
}

/** What stands among the imports: exports (in two forms, by the version of Vite), stars, a hash bang, nothing. */
const between =
  /(?:\s+|#!.*\n|__vite_ssr_exportName__\(.*\n|Object\.defineProperty\(__vite_ssr_exports__,.*\n|__vite_ssr_exportAll__\(__vite_ssr_import_\d+__\);)+/y;
const text = String.raw`"(?:[^"\\]|\\.)*"`;
const importArguments = new RegExp(
  String.raw`${text}(?:, \{"importedNames":\[(?:${text},?)*\]\})?\);`,
  "y",
);

/**
 * The transform writes `await` before each static import, all of them above the module's own code and numbered in order.
 * Evaluation of dependencies is never waited for there (the runtime has done it), so the word goes.
 */
export function withoutImportAwaits(code: string): { code: string; isComplete: boolean } {
  let at = 0;
  let made = "";
  const take = (pattern: RegExp): void => {
    pattern.lastIndex = at;
    const found = pattern.exec(code)?.[0] ?? "";
    made += found;
    at += found.length;
  };
  for (let count = 0; ; count += 1) {
    take(between);
    const head = `const __vite_ssr_import_${count}__ = await __vite_ssr_import__(`;
    if (!code.startsWith(head, at)) break;
    made += head.replace("await ", "");
    at += head.length;
    take(importArguments);
  }
  const rest = code.slice(at);
  return { code: made + rest, isComplete: !rest.includes(" = await __vite_ssr_import__(") };
}

interface Node {
  readonly type: string;
  readonly await?: boolean;
  readonly kind?: string;
}

/** By the syntax tree: a wrong guess from the text would be a syntax error that loses the whole pack. */
async function hasTopLevelAwait(vite: Vite, code: string): Promise<boolean> {
  if (!/\bawait\b/.test(code)) return false;
  return waits(await vite.parseAstAsync(code));
}

function waits(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(waits);
  if (typeof value !== "object" || value === null) return false;
  const node = value as Node;
  if (node.type === "AwaitExpression" || (node.type === "ForOfStatement" && node.await))
    return true;
  if (node.kind === "await using") return true;
  if (/^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type))
    return false;
  return Object.values(value).some(waits);
}
