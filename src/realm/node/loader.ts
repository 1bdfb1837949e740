/**
 * Module hooks of a Node realm, in the thread that Node gives them: project files load as a bundler would load them, with
 * TypeScript, JSX, imports without extension and the project's `paths` (decision 31). `registerHooks` and built-in type
 * stripping are missing or unfinished in Node 22.14.
 */
import { readFile } from "node:fs/promises";
import type {
  LoadFnOutput,
  LoadHook,
  ResolveFnOutput,
  ResolveHook,
  ResolveHookContext,
} from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createProjectFiles, projectPath } from "./project-files.ts";
import { findFile } from "./resolve-file.ts";
import { fromRunAddress, isRefreshAddress } from "./run-address.ts";
import { needsTransform, transformFile } from "./transform.ts";
import { createTypeScriptSettings, mappedPaths } from "./tsconfig.ts";

type NextResolve = Parameters<ResolveHook>[2];

const files = createProjectFiles();
const settings = createTypeScriptSettings();
let root = "";

/** @param data absolute path of the project's root, from which logs resolve and absolute imports start */
export function initialize(data: { readonly root: string }): void {
  root = data.root;
}

export async function resolve(
  specifier: string,
  context: ResolveHookContext,
  next: NextResolve,
): Promise<ResolveFnOutput> {
  if (isRefreshAddress(specifier)) return { url: specifier, shortCircuit: true };
  const run = fromRunAddress(specifier);
  if (run === undefined) {
    const parent = projectPath(context.parentURL);
    if (parent === undefined) return next(specifier, context);
    // Code that was made from text imports from the working directory.
    const importer = parent.endsWith(path.sep) ? path.join(parent, "index.js") : parent;
    return await resolveFrom(specifier, { context, next, from: importer, importer });
  }
  return await resolveFrom(run.specifier, { context, next, from: run.file, importer: undefined });
}

interface Request {
  readonly context: ResolveHookContext;
  readonly next: NextResolve;
  /** Absolute path of the file that imports. */
  readonly from: string;
  /** The same, absent when it is a document. */
  readonly importer: string | undefined;
}

async function resolveFrom(specifier: string, request: Request): Promise<ResolveFnOutput> {
  const found = candidates(specifier, request.from)
    .map(findFile)
    .find((file) => file !== undefined);
  if (found !== undefined && !found.includes(`${path.sep}node_modules${path.sep}`)) {
    return { url: files.address(found, request.importer), shortCircuit: true };
  }
  try {
    const resolved = await resolveByNode(specifier, request);
    const file = projectPath(resolved.url);
    // Packages of a workspace are links to folders of the project.
    return file === undefined
      ? resolved
      : { ...resolved, url: files.address(file, request.importer) };
  } catch (error) {
    if (request.importer !== undefined) files.importFailed(request.importer);
    throw error;
  }
}

/** Absolute paths that a specifier of the project may mean, without extensions tried. */
function candidates(specifier: string, from: string): readonly string[] {
  if (specifier.startsWith("file:")) return [fileURLToPath(specifier)];
  const name = specifier.replace(/[?#].*$/, "");
  if (/^\.{1,2}(?:\/|$)/.test(name)) return [path.resolve(path.dirname(from), name)];
  // Vite takes a leading slash for the project's root.
  if (path.isAbsolute(name)) return [name, path.join(root, name)];
  if (/^[a-z]+:|^#/i.test(name)) return [];
  return mappedPaths(settings.of(from), name);
}

async function resolveByNode(
  specifier: string,
  { context, next, from, importer }: Request,
): Promise<ResolveFnOutput> {
  const nodeResolve = async (file: string) =>
    await next(specifier, { ...context, parentURL: pathToFileURL(file).href });
  try {
    return await nodeResolve(from);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND";
    // A document may lie outside the project; packages are then those of the root.
    if (!isMissing || importer !== undefined || specifier.startsWith(".")) throw error;
    return await nodeResolve(path.join(root, "index.js")).catch(() => {
      throw error;
    });
  }
}

export async function load(
  url: string,
  context: Parameters<LoadHook>[1],
  next: Parameters<LoadHook>[2],
): Promise<LoadFnOutput> {
  if (isRefreshAddress(url)) {
    settings.forget();
    const source = `export default ${JSON.stringify(files.refresh())}`;
    return { format: "module", source, shortCircuit: true };
  }
  const file = projectPath(url);
  if (file === undefined) return next(url, context);
  files.loaded(file);
  if (needsTransform(file))
    return {
      ...(await transformFile(file, settings.of(file).compilerOptions)),
      shortCircuit: true,
    };
  if (path.extname(file) === ".json" && context.importAttributes["type"] === undefined) {
    return {
      format: "module",
      source: `export default ${await readFile(file, "utf8")}`,
      shortCircuit: true,
    };
  }
  const loaded = await next(url, context);
  // Only CommonJS whose source comes from here asks these hooks for what it requires.
  return loaded.format === "commonjs"
    ? { ...loaded, source: await readFile(file, "utf8") }
    : loaded;
}
