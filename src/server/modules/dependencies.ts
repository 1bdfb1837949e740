/**
 * Optimised dependencies in packed form, kept on disk beside the optimiser's own files: wrapping `react-dom` costs as much
 * as three hundred components, and never changes until the optimiser bundles it again.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ViteDevServer } from "vite";
import { hashOf, type PackedModule } from "./wrap.ts";

export interface Dependencies {
  /** Reads what an earlier session stored for the optimiser's present state. */
  load(): Promise<void>;
  get(key: string): PackedModule | undefined;
  /** All that are known for the optimiser's present state, in a stable order. */
  all(): ReadonlyMap<string, PackedModule>;
  /** Adds, and stores the whole for the next session. */
  add(modules: ReadonlyMap<string, PackedModule>): void;
}

/** First line of a stored file. */
interface Manifest {
  readonly format: number;
  /** Over all texts: a file that was cut or changed is not used. */
  readonly hash: string;
  readonly modules: readonly (Omit<PackedModule, "text" | "result"> & {
    readonly key: string;
    readonly length: number;
  })[];
}

/** Raised when stored texts must not be used by a newer runtime. */
const format = 1;

/** @param failed told when storing did not work; nothing else depends on it */
export function createDependencies(
  server: ViteDevServer,
  viteVersion: string,
  failed: (error: Error) => void,
): Dependencies {
  const directory = path.join(server.config.cacheDir, "vitrine-packs");
  let version = "";
  let modules = new Map<string, PackedModule>();

  /** A new state of the optimiser has new addresses: what was known belongs to pages that are gone. */
  const refresh = (): void => {
    const now = versionOf(server, viteVersion);
    if (now === version) return;
    version = now;
    modules = new Map();
  };

  return {
    async load() {
      refresh();
      const file = path.join(directory, `${version}.pack`);
      const stored = parse(await readFile(file, "utf8").catch(() => ""));
      if (stored !== undefined) modules = new Map([...stored, ...modules]);
    },
    get(key) {
      refresh();
      return modules.get(key);
    },
    all() {
      refresh();
      return modules;
    },
    add(more) {
      refresh();
      const all = [...modules, ...more].toSorted(([one], [other]) => (one < other ? -1 : 1));
      modules = new Map(all);
      if (!isSettled(server)) return;
      store(directory, `${version}.pack`, print(modules)).catch(failed);
    },
  };
}

function versionOf(server: ViteDevServer, viteVersion: string): string {
  const metadata = server.environments.client.depsOptimizer?.metadata;
  return hashOf(`${format} ${viteVersion} ${server.config.base} ${metadata?.browserHash ?? ""}`);
}

/** The optimiser may still replace what it serves. */
function isSettled(server: ViteDevServer): boolean {
  const metadata = server.environments.client.depsOptimizer?.metadata;
  return metadata !== undefined && Object.keys(metadata.discovered).length === 0;
}

/** @returns undefined for anything that is not exactly what `print` made */
export function parse(text: string): Map<string, PackedModule> | undefined {
  const end = text.indexOf("\n");
  if (end === -1) return undefined;
  try {
    const manifest = JSON.parse(text.slice(0, end)) as Manifest;
    const body = text.slice(end + 1);
    if (manifest.format !== format || manifest.hash !== hashOf(body)) return undefined;
    let at = 0;
    return new Map(
      manifest.modules.map(({ key, length, ...facts }) => [
        key,
        { ...facts, text: body.slice(at, (at += length)) },
      ]),
    );
  } catch {
    // Not ours, or of another time.
    return undefined;
  }
}

export function print(modules: ReadonlyMap<string, PackedModule>): string {
  const body = [...modules.values()].map(({ text }) => text).join("");
  const manifest: Manifest = {
    format,
    hash: hashOf(body),
    modules: [...modules].map(([key, { text, deps, isAsync, hash }]) => {
      return { key, deps, isAsync, hash, length: text.length };
    }),
  };
  return `${JSON.stringify(manifest)}\n${body}`;
}

/** Whole or not at all; earlier states of the optimiser never come back. */
async function store(directory: string, name: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const temporary = path.join(directory, `.${name}.${process.pid}`);
  await writeFile(temporary, text);
  await rename(temporary, path.join(directory, name));
  const others = (await readdir(directory)).filter((other) => other.endsWith(".pack"));
  const old = others.filter((other) => other !== name);
  await Promise.all(old.map((other) => rm(path.join(directory, other), { force: true })));
}
