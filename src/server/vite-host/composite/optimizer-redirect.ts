/** Shared packages inside of bundled dependencies: those import them as well, and must not get a second copy. */
import type { UserConfig } from "vite";
import { commonSource, moduleSource, type SharedPackage } from "./shared-source.ts";

/** What a dependency asks for, and how: the two get different modules over the same package. */
type Kind = "import" | "require";

export interface Redirect {
  readonly packages: readonly string[];
  /** Absolute root of the project, from where its own packages are resolved. */
  root(): string;
  describe(name: string): Promise<SharedPackage>;
}

const prefix = "vitrine-shared";
/** The scan of the project's own sources runs the same plugins; those sources are served by Vite itself. */
const inDependency = /[\\/]node_modules[\\/]/;

/**
 * @param isRolldown Vite bundles dependencies with esbuild up to version 7 and with Rolldown from version 8 on
 * @returns the part of a configuration that has the optimiser redirect them
 */
export function optimizerRedirect(redirect: Redirect, isRolldown: boolean): UserConfig {
  return {
    optimizeDeps: isRolldown
      ? { rolldownOptions: { plugins: [rolldownRedirect(redirect)] } }
      : { esbuildOptions: { plugins: [esbuildRedirect(redirect)] } },
  };
}

async function sourceOf(redirect: Redirect, name: string, kind: Kind): Promise<string> {
  const shared = await redirect.describe(name);
  // Synchronous, as CommonJS is. What is not taken is bundled all the same and never run.
  const own = `require(${JSON.stringify(name)})`;
  return kind === "import" ? moduleSource(shared, own) : commonSource(shared, own);
}

function rolldownRedirect(redirect: Redirect) {
  const pattern = /^\0vitrine-shared:(import|require):(.+)$/;
  return {
    name: "vitrine:shared-dependencies",
    resolveId(id: string, importer: string | undefined, { kind }: { kind?: string }) {
      const isWanted = importer !== undefined && inDependency.test(importer);
      if (!isWanted || !redirect.packages.includes(id)) return undefined;
      return `\0${prefix}:${kind === "require-call" ? "require" : "import"}:${id}`;
    },
    async load(id: string) {
      const [, kind, name] = pattern.exec(id) ?? [];
      if (name === undefined) return undefined;
      return { code: await sourceOf(redirect, name, kind as Kind), moduleType: "js" as const };
    },
  };
}

/** The part of esbuild's plugin interface that is used; esbuild itself is Vite's. */
interface EsbuildBuild {
  onResolve(
    options: { filter: RegExp },
    resolve: (args: {
      readonly path: string;
      readonly importer: string;
      readonly namespace: string;
      readonly kind: string;
    }) => object | undefined,
  ): void;
  onLoad(
    options: { filter: RegExp; namespace: string },
    load: (args: { readonly path: string }) => Promise<object>,
  ): void;
}

function esbuildRedirect(redirect: Redirect) {
  return {
    name: "vitrine:shared-dependencies",
    setup(build: EsbuildBuild) {
      build.onResolve({ filter: /^[\w@]/ }, ({ path, importer, namespace, kind }) => {
        const isWanted = namespace === "file" && inDependency.test(importer);
        if (!isWanted || !redirect.packages.includes(path)) return undefined;
        return {
          path: `${kind === "require-call" ? "require" : "import"}:${path}`,
          namespace: prefix,
        };
      });
      build.onLoad({ filter: /./, namespace: prefix }, async ({ path }) => {
        const [kind = "", name = ""] = /^(\w+):(.+)$/.exec(path)?.slice(1) ?? [];
        const contents = await sourceOf(redirect, name, kind as Kind);
        return { contents, loader: "js", resolveDir: redirect.root() };
      });
    },
  };
}
