/** TypeScript and JSX of a project as JavaScript; esbuild is loaded when the first such file is. */
import { readFile } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Loader } from "esbuild";
import { readFileSync } from "node:fs";

export interface Transformed {
  readonly format: "module" | "commonjs";
  readonly source: string;
}

const loaders: Readonly<Record<string, Loader>> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".jsx": "jsx",
};

export function needsTransform(file: string): boolean {
  return path.extname(file) in loaders;
}

/**
 * @param file absolute path
 * @param compilerOptions of the project's tsconfig.json; those that change the meaning of code are honoured
 */
export async function transformFile(
  file: string,
  compilerOptions: Readonly<Record<string, unknown>>,
): Promise<Transformed> {
  const { transform } = await import("esbuild");
  const text = await readFile(file, "utf8");
  const preserved =
    typeof compilerOptions["jsx"] !== "string" || compilerOptions["jsx"].startsWith("preserve");
  const { code } = await transform(text, {
    loader: loaders[path.extname(file)] ?? "ts",
    sourcefile: pathToFileURL(file).href,
    sourcemap: "inline",
    target: "node22.14",
    ...(preserved && { jsx: "automatic" }),
    tsconfigRaw: { compilerOptions: { ...compilerOptions } },
  });
  return { format: formatOf(file, code), source: code };
}

/** As Node decides for JavaScript: by extension, by the package, and where that says nothing by syntax. */
function formatOf(file: string, code: string): "module" | "commonjs" {
  const extension = path.extname(file);
  if (extension === ".cts") return "commonjs";
  if (extension === ".mts" || packageType(file) === "module") return "module";
  if (/^\s*(?:import|export)\b/m.test(code)) return "module";
  return /\b(?:require\s*\(|module\.exports\b|exports\.)/.test(code) ? "commonjs" : "module";
}

function packageType(file: string): unknown {
  try {
    const manifest = findPackageJSON(".", pathToFileURL(file));
    return manifest === undefined
      ? undefined
      : (JSON.parse(readFileSync(manifest, "utf8")) as { type?: unknown }).type;
  } catch {
    // No package.json above the file, or one that is being written.
    return undefined;
  }
}
