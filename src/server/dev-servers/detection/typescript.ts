/** TypeScript that is compiled into a folder. */
import path from "node:path";
import { readJsonText } from "../config/json-text.ts";
import { usualFor } from "../config/tools.ts";
import type { BackendConfig } from "../project-config.ts";
import { buildOnly, type Surroundings } from "./detected.ts";
import { isFile, readSmall } from "./search.ts";

/** `tsc -b` for a folder whose `tsconfig.json` names an `outDir`. */
export async function typescriptAt(
  root: string,
  { top }: Surroundings,
): Promise<BackendConfig | undefined> {
  const text = await readSmall(path.join(root, "tsconfig.json"));
  if (text === undefined) return undefined;
  const outDir = outDirOf(readJsonText(text.replace(/^\u{FEFF}/u, "")).value);
  if (outDir === undefined) return undefined;
  const { watch, problems } = usualFor(["tsc"]);
  const exclude = [...watch.exclude, ...outputGlobs(root, outDir)];
  return buildOnly(root, [await compilerFor(root, top), "-b"], {
    watch: { ...watch, exclude },
    problems,
  });
}

function outDirOf(config: unknown): string | undefined {
  if (typeof config !== "object" || config === null || !("compilerOptions" in config)) return;
  const { compilerOptions } = config;
  if (typeof compilerOptions !== "object" || compilerOptions === null) return;
  if ("noEmit" in compilerOptions && compilerOptions.noEmit === true) return;
  const outDir = "outDir" in compilerOptions ? compilerOptions.outDir : undefined;
  return typeof outDir === "string" && outDir !== "" ? outDir : undefined;
}

/** Declarations that the build writes must not start the next one. */
function outputGlobs(root: string, outDir: string): string[] {
  const relative = path.relative(root, path.resolve(root, outDir)).split(path.sep).join("/");
  return relative === "" || relative.startsWith("..") ? [] : [`${relative}/**`];
}

/** The project's own compiler: no shell looks into `node_modules/.bin` for a command. */
async function compilerFor(root: string, top: string): Promise<string> {
  const name = process.platform === "win32" ? "tsc.cmd" : "tsc";
  for (let directory = root; ; directory = path.dirname(directory)) {
    const file = path.join(directory, "node_modules", ".bin", name);
    if (await isFile(file)) return file;
    if (directory === top || directory === path.dirname(directory)) return "tsc";
  }
}
