/** Which test files a realm is to import: the answer to `<base>-daebug-discover-tests` (REPL 12.3). */
import { realpath } from "node:fs/promises";
import path from "node:path";
import * as v from "valibot";
import { patternToRegex } from "../../markdown/patterns.ts";
import { UserError } from "../../protocol/errors.ts";
import { glob } from "../files/glob.ts";
import { isWithin, platformRules } from "../files/path-rules.ts";
import { quoted } from "../quoted.ts";

export const DEFAULT_TEST_FILES = "**/*.test.js";
export const DEFAULT_EXCLUDE: readonly string[] = [
  "**/node_modules/**",
  "**/.git/**",
  "**/dist/**",
  "**/build/**",
  "daebug/**",
];

const patterns = v.pipe(
  v.array(v.pipe(v.string(), v.maxLength(1000, "is longer than 1000 characters"))),
  v.maxLength(1000, "has more than 1000 entries"),
);
const request = v.object({
  files: v.optional(v.union([v.pipe(v.string(), v.maxLength(1000)), patterns]), DEFAULT_TEST_FILES),
  cwd: v.optional(v.pipe(v.string(), v.maxLength(4096))),
  exclude: v.optional(patterns, [...DEFAULT_EXCLUDE]),
});

/**
 * Addresses of the files that match, from the root, sorted: `/a.test.js`, names as they are on disk. No match is no error.
 * @param root absolute
 * @param body the request as it came
 * @throws UserError `bad_request` for a body of another shape, and for a `cwd` outside the root
 */
export async function discoverTests(root: string, body: unknown): Promise<string[]> {
  const parsed = v.safeParse(request, body);
  if (!parsed.success) throw badRequest(parsed.issues[0]);
  const { files, cwd, exclude } = parsed.output;
  const asked = typeof files === "string" ? [files] : files;
  if (cwd === undefined) return glob(root, asked, exclude);

  const real = await realPathOf(root);
  const folder = await realPathOf(path.resolve(root, cwd));
  const rules = platformRules();
  if (cwd.includes("\0") || !isWithin(real, folder, rules)) {
    throw new UserError(
      "bad_request",
      `The folder ${quoted(cwd)} is not below the root; name one that is`,
    );
  }
  const below = path.relative(real, folder).split(path.sep).filter(Boolean);
  const start = below.map((name) => `/${name}`).join("");
  // What is excluded may be named from the root as well, wherever the search begins.
  const unwanted = exclude.map(patternToRegex);
  const found = (await glob(folder, asked, exclude)).map((file) => start + file);
  return found.filter((file) => !unwanted.some((expression) => expression.test(file)));
}

/** The path itself when nothing is there: then nothing is found, either. */
async function realPathOf(file: string): Promise<string> {
  return realpath(file).catch(() => path.resolve(file));
}

function badRequest(issue: v.BaseIssue<unknown>): UserError {
  const field = v.getDotPath(issue);
  return new UserError(
    "bad_request",
    field === null
      ? "The body is not an object; send files, cwd and exclude"
      : `The field ${quoted(field)} of the body is not valid: ${issue.message}`,
  );
}
