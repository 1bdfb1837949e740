/** What esbuild does for a block: types and JSX out, newer syntax down, and the place of what is wrong. */
import { Script } from "node:vm";
import type { EncodedSourceMap } from "@jridgewell/remapping";
import { decodedMappings, originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { type Loader, type Message, transform } from "esbuild";
import {
  type BlockPlace,
  BlockSyntaxError,
  documentPosition,
  positionAt,
  type SyntaxNode,
} from "./block-source.ts";
import type { Mappings } from "./block-source-map.ts";

/** A script with the maps that lead from it to the code of the block, the last one first. */
export interface ScriptStep {
  readonly script: string;
  readonly maps: readonly Mappings[];
  /** Modules that the step itself imports. */
  readonly specifiers: readonly string[];
}

interface Target extends BlockPlace {
  readonly target: "page" | "node";
  readonly jsxImportSource?: string;
}

const TARGETS = { page: "es2022", node: "node22.14" } as const;

/**
 * What the parser lets pass is found by compiling the script, never by running it. esbuild then knows the place; when
 * it finds nothing wrong the syntax is newer than this Node, and the realm decides.
 */
export async function checkScript(step: ScriptStep, place: BlockPlace): Promise<ScriptStep> {
  try {
    void new Script(step.script);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    await esbuild(step, { loader: "js", place });
  }
  return step;
}

interface Transformation {
  readonly loader: Loader;
  /** Name of the parameter through which the script reaches the realm. */
  readonly host: string;
  readonly block: Target;
}

export async function transformScript(
  step: ScriptStep,
  { loader, host, block }: Transformation,
): Promise<ScriptStep> {
  const result = await esbuild(step, {
    loader,
    place: block,
    target: block.target,
    jsxImportSource: block.jsxImportSource,
  });
  const { script, lines, specifiers } = inlineRuntime(result.code, host);
  const mappings = decodedMappings(new TraceMap(result.map)).slice(lines);
  return { script, maps: [{ mappings }, ...step.maps], specifiers };
}

/** A namespace cannot stand in a function, so it is compiled for itself, into assignments to its name. */
export async function compileNamespaces(
  code: string,
  body: readonly SyntaxNode[],
  place: BlockPlace,
): Promise<ReadonlyMap<number, string>> {
  const scripts = new Map<number, string>();
  for (const statement of body) {
    const node =
      "declaration" in statement && statement.declaration
        ? (statement.declaration as SyntaxNode)
        : statement;
    if (node.type !== "TSModuleDeclaration") continue;
    const { line, column } = positionAt(code, node.start);
    const result = await transform(code.slice(node.start, node.end), {
      loader: "ts",
      logLevel: "silent",
    }).catch((error: unknown) => {
      throw new BlockSyntaxError(
        messagesOf(error)[0]?.text ?? String(error),
        documentPosition(place, line, column),
        error,
      );
    });
    scripts.set(node.start, result.code.replace(/^(?:var|let) [^;]*;\n/, ";").trimEnd());
  }
  return scripts;
}

interface EsbuildCall {
  readonly loader: Loader;
  readonly place: BlockPlace;
  readonly target?: Target["target"];
  readonly jsxImportSource?: string | undefined;
}

async function esbuild(
  step: ScriptStep,
  { loader, place, target, jsxImportSource = "react" }: EsbuildCall,
): Promise<{ code: string; map: EncodedSourceMap }> {
  try {
    const { code, map } = await transform(step.script, {
      loader,
      target: target ? TARGETS[target] : "esnext",
      jsx: "automatic",
      jsxImportSource,
      sourcemap: "external",
      logLevel: "silent",
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    });
    return { code, map: JSON.parse(map) as EncodedSourceMap };
  } catch (error) {
    const [message] = messagesOf(error);
    if (!message) throw error;
    throw new BlockSyntaxError(message.text, messagePosition(message, step, place), error);
  }
}

/** esbuild's failures carry their messages; anything else is a bug. */
function messagesOf(error: unknown): readonly Message[] {
  return error instanceof Error && "errors" in error ? (error.errors as readonly Message[]) : [];
}

/** esbuild counts columns in bytes. A place in the wrapper has no counterpart: then it is the start of the block. */
function messagePosition(
  { location }: Message,
  { maps }: ScriptStep,
  place: BlockPlace,
): { line: number; column: number } {
  const [first] = maps;
  if (!location || !first) return documentPosition(place, 0, 0);
  const column = Buffer.from(location.lineText).subarray(0, location.column).toString().length;
  const map = new TraceMap({ version: 3, names: [], sources: ["block"], mappings: first.mappings });
  const original = originalPositionFor(map, { line: location.line, column });
  return documentPosition(place, (original.line ?? 1) - 1, original.column ?? 0);
}

/**
 * esbuild puts imports of the JSX runtime on the first lines, which a classic script cannot have. They become dynamic
 * ones in the place that the wrapper marked. Its helpers, if there are any, must not become globals of the page.
 */
function inlineRuntime(
  code: string,
  host: string,
): { script: string; lines: number; specifiers: readonly string[] } {
  const specifiers: string[] = [];
  const statements: string[] = [];
  let rest = code;
  for (;;) {
    const found = /^import \{ (.*) \} from ("(?:[^"\\]|\\.)*");\n/.exec(rest);
    if (!found) break;
    const [whole, names = "", source = ""] = found;
    specifiers.push(JSON.parse(source) as string);
    statements.push(
      `const { ${names.replaceAll(" as ", ": ")} } = await ${host}.import(${source});`,
    );
    rest = rest.slice(whole.length);
  }
  const script = rest.replace(`${host}("jsx");`, () => statements.join(" "));
  const hasHelpers = !script.startsWith("globalThis");
  return {
    script: hasHelpers ? `(() => {${script}})();` : script,
    lines: statements.length,
    specifiers,
  };
}
