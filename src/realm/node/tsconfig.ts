/** What a project's tsconfig.json says about imports and syntax, for files of that project. */
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

export interface PathPattern {
  /** Text before the `*`; the whole specifier when there is none. */
  readonly prefix: string;
  /** Text behind the `*`, undefined when there is none. */
  readonly suffix: string | undefined;
  /** Absolute, with the `*` still in it. */
  readonly targets: readonly string[];
}

export interface TypeScriptSettings {
  readonly patterns: readonly PathPattern[];
  /** Absolute directory from which bare specifiers resolve too, when `baseUrl` is given. */
  readonly baseUrl?: string;
  /** Compiler options that change what the code means; for esbuild. */
  readonly compilerOptions: Readonly<Record<string, unknown>>;
}

interface ConfigText {
  readonly extends?: string | readonly string[];
  readonly references?: readonly { readonly path: string }[];
  readonly compilerOptions?: Readonly<Record<string, unknown>>;
}

/** Compiler options of a chain of configs, paths made absolute where they were written. */
type Options = Readonly<Record<string, unknown>> & {
  readonly paths?: Readonly<Record<string, readonly string[]>>;
  readonly baseUrl?: string;
};

const none: TypeScriptSettings = { patterns: [], compilerOptions: {} };
const longestChain = 20;

/**
 * Settings for a file: those of the nearest tsconfig.json or jsconfig.json above it. Read once per process and file name;
 * `forget` makes them be read again. A config that cannot be read counts as none.
 */
export function createTypeScriptSettings(): {
  of(file: string): TypeScriptSettings;
  forget(): void;
} {
  const byDirectory = new Map<string, TypeScriptSettings>();
  function ofDirectory(directory: string): TypeScriptSettings {
    const known = byDirectory.get(directory);
    if (known !== undefined) return known;
    const config = ["tsconfig.json", "jsconfig.json"]
      .map((name) => path.join(directory, name))
      .find(exists);
    const parent = path.dirname(directory);
    const above = parent === directory ? none : ofDirectory(parent);
    const settings = config === undefined ? above : readSettings(config);
    byDirectory.set(directory, settings);
    return settings;
  }
  return { of: (file) => ofDirectory(path.dirname(file)), forget: () => byDirectory.clear() };
}

/** Absolute paths that a bare specifier may mean by the settings, best first. */
export function mappedPaths(settings: TypeScriptSettings, specifier: string): readonly string[] {
  const matches = settings.patterns
    .filter(({ prefix, suffix }) =>
      suffix === undefined
        ? specifier === prefix
        : specifier.length >= prefix.length + suffix.length &&
          specifier.startsWith(prefix) &&
          specifier.endsWith(suffix),
    )
    // The longest prefix wins, and an exact name wins over all (TypeScript's rule).
    .toSorted((one, other) => rank(other) - rank(one));
  const [best] = matches;
  const mapped = best?.targets.map((target) =>
    target.replace("*", () =>
      specifier.slice(best.prefix.length, specifier.length - (best.suffix?.length ?? 0)),
    ),
  );
  return [
    ...(mapped ?? []),
    ...(settings.baseUrl === undefined ? [] : [path.join(settings.baseUrl, specifier)]),
  ];
}

function rank({ prefix, suffix }: PathPattern): number {
  return suffix === undefined ? Infinity : prefix.length;
}

function readSettings(file: string): TypeScriptSettings {
  const { options, references } = readChain(file, 0);
  // Vite's templates keep the options of the application in a referenced config.
  const referenced = references.map((reference) => readChain(reference, 0).options);
  const withPaths = [options, ...referenced].find(
    ({ paths, baseUrl }) => paths !== undefined || baseUrl !== undefined,
  );
  const patterns = Object.entries(withPaths?.paths ?? {}).map(([pattern, targets]) =>
    toPattern(pattern, targets),
  );
  const compilerOptions = Object.keys(options).length > 0 ? options : (referenced[0] ?? {});
  return {
    patterns,
    compilerOptions,
    ...(withPaths?.baseUrl !== undefined && { baseUrl: withPaths.baseUrl }),
  };
}

function toPattern(pattern: string, targets: readonly string[]): PathPattern {
  const [prefix = "", suffix] = pattern.split("*");
  return { prefix, suffix, targets };
}

function readChain(
  file: string,
  depth: number,
): { options: Options; references: readonly string[] } {
  const config = depth < longestChain ? readConfig(file) : {};
  const directory = path.dirname(file);
  const bases = [config.extends ?? []]
    .flat()
    .map((base) => readChain(findBase(base, file), depth + 1).options);
  const own = absolute(config.compilerOptions ?? {}, directory);
  const references = (config.references ?? [])
    .map((reference) => path.resolve(directory, reference.path))
    .map((one) => (one.endsWith(".json") ? one : path.join(one, "tsconfig.json")));
  return { options: Object.assign({}, ...bases, own) as Options, references };
}

function absolute(options: Readonly<Record<string, unknown>>, directory: string): Options {
  const { baseUrl, paths, ...rest } = options as Options;
  const root = typeof baseUrl === "string" ? path.resolve(directory, baseUrl) : undefined;
  const targets = Object.entries(paths ?? {}).map(
    ([pattern, list]) =>
      [pattern, list.map((target) => path.resolve(root ?? directory, target))] as const,
  );
  return {
    ...rest,
    ...(root !== undefined && { baseUrl: root }),
    ...(paths !== undefined && { paths: Object.fromEntries(targets) }),
  };
}

function findBase(base: string, from: string): string {
  if (/^\.{0,2}\//.test(base) || path.isAbsolute(base)) {
    const file = path.resolve(path.dirname(from), base);
    return exists(file) ? file : `${file}.json`;
  }
  const { resolve } = createRequire(from);
  for (const name of [base, `${base}.json`, `${base}/tsconfig.json`]) {
    try {
      return resolve(name);
    } catch {
      // Not under this name; packages are named with and without their file.
    }
  }
  return "";
}

function readConfig(file: string): ConfigText {
  try {
    return JSON.parse(withoutComments(readFileSync(file, "utf8"))) as ConfigText;
  } catch {
    // Missing or half written: the project's own compiler tells about it.
    return {};
  }
}

function withoutComments(text: string): string {
  const strings = String.raw`("(?:\\.|[^"\\])*")`;
  const plain = text.replace(new RegExp(String.raw`${strings}|//[^\n]*|/\*[\s\S]*?\*/`, "g"), "$1");
  return plain.replace(new RegExp(String.raw`${strings}|,(?=\s*[}\]])`, "g"), "$1");
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}
