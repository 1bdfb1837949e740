/**
 * The path gate: every path from outside passes it, and files are opened through what it returns (F-01 to F-07, F-11,
 * F-12). What the disk says is never told apart: missing, outside, denied and no regular file are all `not_found`.
 */
import { UserError } from "../../protocol/errors.ts";
import { quoted } from "../quoted.ts";
import { isDenied } from "./deny-list.ts";
import { openWithin, type OpenFile } from "./open-within.ts";
import { checkName } from "./path-name.ts";
import { isWithin, platformRules, type PathRules } from "./path-rules.ts";

export interface PathGate {
  /** Opens a regular file for reading. @throws UserError `path_refused` or `not_found`. */
  open(name: string, kind?: "url" | "json"): Promise<OpenFile>;
  /** Real path of a file that exists, or may be made. @throws UserError `path_refused` or `not_found`. */
  resolve(name: string, kind?: "url" | "json"): Promise<string>;
  /** Whether an absolute path leads to a file or a possible file within the roots. Never throws. */
  contains(absolutePath: string): Promise<boolean>;
}

export interface PathGateOptions {
  /** Absolute. Names start at the first; links may lead into any. Their real paths are taken at first use and kept. */
  readonly roots: readonly string[];
  /** Of this platform unless a test says otherwise. */
  readonly rules?: PathRules;
}

/** What the disk answers for names that lead to nothing one may read. */
const absent: ReadonlySet<unknown> = new Set([
  "ENOENT",
  "ENOTDIR",
  "ELOOP",
  "EACCES",
  "EPERM",
  "ENXIO",
  "ENODEV",
  "ENAMETOOLONG",
  "EISDIR",
  "EINVAL",
]);

export function createPathGate(options: PathGateOptions): PathGate {
  const rules = options.rules ?? platformRules();
  let roots: Promise<readonly string[]> | undefined;

  const realRoots = (): Promise<readonly string[]> => {
    roots ??= Promise.all(options.roots.map((root) => rules.disk.realpath(root)));
    roots.catch(() => (roots = undefined));
    return roots;
  };

  /** The root that a real path may be read below, undefined for none. */
  const rootOf = async (real: string): Promise<string | undefined> => {
    const within = (await realRoots()).filter((root) => isWithin(root, real, rules));
    // Denied names above a root do not count, and of nested roots the inner one was named on purpose.
    const inner = within.toSorted((one, other) => other.length - one.length)[0];
    return inner === undefined || isDenied(rules.path.relative(inner, real)) ? undefined : inner;
  };

  const find = (name: string, kind: "url" | "json"): Promise<{ real: string; root: string }> => {
    const segments = checkName(name, kind);
    if (isDenied(segments.join("/"))) throw denied(name);
    return askDisk(name, async () => {
      const real = await realLocation((await realRoots())[0] ?? "", segments, rules);
      const root = real === undefined ? undefined : await rootOf(real);
      return real === undefined || root === undefined ? undefined : { real, root };
    });
  };

  return {
    resolve: async (name, kind = "json") => (await find(name, kind)).real,
    async open(name, kind = "json") {
      const found = await find(name, kind);
      return askDisk(name, () => openWithin({ ...found, rules, rootOf }));
    },
    async contains(absolutePath) {
      const start = splitAbsolute(absolutePath, rules);
      if (start === undefined) return false;
      try {
        const real = await realLocation(start.root, start.segments, rules);
        return real !== undefined && (await rootOf(real)) !== undefined;
      } catch {
        // A path that cannot be followed leads nowhere we may go.
        return false;
      }
    },
  };
}

/**
 * Real path of the deepest part that exists, plus the rest. @returns undefined when the next part is a link that leads
 * nowhere: whoever wrote there would write to where it points.
 */
async function realLocation(
  start: string,
  segments: readonly string[],
  rules: PathRules,
): Promise<string | undefined> {
  for (let count = segments.length; count >= 0; count--) {
    const part = rules.path.join(start, ...segments.slice(0, count));
    const real = await unlessMissing(rules.disk.realpath(part));
    if (real !== undefined) return rules.path.join(real, ...segments.slice(count));
    if ((await unlessMissing(rules.disk.lstat(part, { bigint: true }))) !== undefined)
      return undefined;
  }
  return undefined;
}

async function unlessMissing<Value>(answer: Promise<Value>): Promise<Value | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Root and segments of an absolute path; undefined for network paths, dots, streams and what is not absolute. */
function splitAbsolute(
  absolute: string,
  rules: PathRules,
): { root: string; segments: string[] } | undefined {
  if (typeof absolute !== "string" || absolute.includes("\0") || /^[\\/]{2}/.test(absolute))
    return undefined;
  const isWindows = rules.path.sep === "\\";
  // The look-up of a network path alone would send the user's password hash there (CVE-2026-53632).
  if (isWindows ? !/^[a-z]:[\\/]/i.test(absolute) : !absolute.startsWith("/")) return undefined;
  const { root } = rules.path.parse(absolute);
  const segments = absolute
    .slice(root.length)
    .split(isWindows ? /[\\/]/ : "/")
    .filter((segment) => segment !== "");
  const isOdd = segments.some(
    (segment) => segment === "." || segment === ".." || (isWindows && segment.includes(":")),
  );
  return isOdd ? undefined : { root, segments };
}

async function askDisk<Value>(name: string, ask: () => Promise<Value | undefined>): Promise<Value> {
  let answer: Value | undefined;
  try {
    answer = await ask();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (!absent.has(code))
      throw new UserError(
        "internal",
        `The file ${quoted(name)} could not be read (${code}); try again`,
        { cause },
      );
  }
  if (answer === undefined)
    throw new UserError("not_found", `There is no file ${quoted(name)}; check the name`);
  return answer;
}

function denied(name: string): UserError {
  return new UserError(
    "path_refused",
    `The file ${quoted(name)} is never served; it may hold secrets`,
  );
}
