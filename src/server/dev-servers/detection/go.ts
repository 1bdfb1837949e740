/** Go modules, and the other modules of their workspace. */
import path from "node:path";
import { usualFor } from "../config/tools.ts";
import type { BackendConfig } from "../project-config.ts";
import { buildOnly, type Surroundings } from "./detected.ts";
import { isFile, readSmall } from "./search.ts";

/** `go build ./...` for a folder with a `go.mod`. */
export async function goAt(
  root: string,
  { top }: Surroundings,
): Promise<BackendConfig | undefined> {
  if (!(await isFile(path.join(root, "go.mod")))) return undefined;
  const command = ["go", "build", "./..."];
  const { watch, problems } = usualFor(command);
  const include = [...watch.include, ...(await workspaceGlobs(root, top))];
  return buildOnly(root, command, { watch: { ...watch, include }, problems });
}

/** Globs of the `pkg` folders of the modules that the nearest `go.work` uses, relative to `root`. */
export async function workspaceGlobs(root: string, top: string): Promise<string[]> {
  for (let directory = root; ; directory = path.dirname(directory)) {
    const text = await readSmall(path.join(directory, "go.work"));
    if (text !== undefined) return usedBy(text).flatMap((use) => globFor(root, directory, use));
    if (directory === top || directory === path.dirname(directory)) return [];
  }
}

function globFor(root: string, directory: string, use: string): string[] {
  const module = path.resolve(directory, use);
  if (module === root) return [];
  const relative = path.relative(root, path.join(module, "pkg")).split(path.sep).join("/");
  return [`${relative}/**/*.go`];
}

/** The folders after `use`, alone or in brackets. */
export function usedBy(text: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/\/\/.*$/, "").trim());
  const found: string[] = [];
  let isOpen = false;
  for (const line of lines) {
    if (isOpen && line === ")") isOpen = false;
    else if (isOpen && line !== "") found.push(unquoted(line));
    else if (/^use\s*\($/.test(line)) isOpen = true;
    else if (/^use\s+[^(]/.test(line)) found.push(unquoted(line.slice(3).trim()));
  }
  return found;
}

function unquoted(text: string): string {
  return /^(["`])(.*)\1$/.exec(text)?.[2] ?? text;
}
