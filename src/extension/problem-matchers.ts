/**
 * Pure: problem matchers from the manifests of other extensions, as data for the server (dev-servers 4.3). What stands in
 * a manifest is input: a matcher that is not what VS Code describes is left out, the others count.
 */
import type { ProblemMatcher, ProblemPattern } from "../protocol/problem-matcher.ts";

type Fields = Readonly<Record<string, unknown>>;
type Matchers = Readonly<Record<string, readonly ProblemMatcher[]>>;

/** More than all extensions of a person together have. */
const mostMatchers = 1000;
const longestExpression = 10_000;

/** @param manifests `contributes` of each extension @returns matchers by name with `$`; the first of a name stays */
export function contributedMatchers(manifests: readonly unknown[]): Matchers {
  const patterns = byName(manifests, "problemPatterns");
  const declared = byName(manifests, "problemMatchers");
  const found: Record<string, readonly ProblemMatcher[]> = {};
  for (const [name, fields] of [...declared].slice(0, mostMatchers)) {
    const matcher = toMatcher(withBase(fields, declared), patterns);
    if (matcher) found[name] = [matcher];
  }
  return found;
}

function byName(manifests: readonly unknown[], key: string): Map<string, Fields> {
  const found = new Map<string, Fields>();
  for (const item of manifests.flatMap((manifest) => listOf(fieldsOf(manifest)?.[key]))) {
    const fields = fieldsOf(item);
    const name = fields?.["name"];
    if (!fields || typeof name !== "string" || !/^\$?[A-Za-z][\w.-]{0,99}$/.test(name)) continue;
    const full = name.startsWith("$") ? name : `$${name}`;
    if (!found.has(full)) found.set(full, fields);
  }
  return found;
}

/** A matcher may say only how it differs from another one. */
function withBase(fields: Fields, declared: ReadonlyMap<string, Fields>): Fields {
  const base = typeof fields["base"] === "string" ? declared.get(fields["base"]) : undefined;
  // One step, as deep as any extension goes: a base that names itself must not turn in circles.
  return base ? { ...base, ...fields } : fields;
}

function toMatcher(
  fields: Fields,
  patterns: ReadonlyMap<string, Fields>,
): ProblemMatcher | undefined {
  const pattern = toPatterns(fields["pattern"], patterns);
  if (!pattern) return undefined;
  const { owner, source, severity } = fields;
  const fileLocation = toLocation(fields["fileLocation"]);
  const background = toBackground(fields["background"]);
  return {
    ...(typeof owner === "string" ? { owner } : {}),
    ...(typeof source === "string" ? { source } : {}),
    ...(severity === "error" || severity === "warning" || severity === "info" ? { severity } : {}),
    ...(fileLocation ? { fileLocation } : {}),
    pattern,
    ...(background ? { background } : {}),
  };
}

/** A pattern, the patterns of a finding's lines, or the name of one or of several. */
function toPatterns(
  value: unknown,
  named: ReadonlyMap<string, Fields>,
): readonly ProblemPattern[] | undefined {
  const fields = typeof value === "string" ? named.get(value) : value;
  // A named one holds the pattern itself, or its lines in `patterns`.
  const several = fieldsOf(fields)?.["patterns"] ?? fields;
  const found = (Array.isArray(several) ? several : [several]).map(toPattern);
  return found.length > 0 && found.every((each) => each !== undefined) ? found : undefined;
}

const groups = [
  "file",
  "line",
  "column",
  "endLine",
  "endColumn",
  "location",
  "severity",
  "code",
  "message",
] as const satisfies readonly (keyof ProblemPattern)[];

function toPattern(value: unknown): ProblemPattern | undefined {
  const fields = fieldsOf(value);
  const regexp = expressionOf(fields?.["regexp"]);
  if (!fields || regexp === undefined) return undefined;
  const { kind } = fields;
  const indexes = groups
    .map((group) => [group, fields[group]] as const)
    .filter(([, index]) => Number.isInteger(index) && Number(index) >= 0);
  return {
    regexp,
    ...(kind === "file" || kind === "location" ? { kind } : {}),
    ...Object.fromEntries(indexes),
    ...(fields["loop"] === true ? { loop: true } : {}),
  };
}

function toLocation(value: unknown): ProblemMatcher["fileLocation"] | undefined {
  if (value === "absolute" || value === "relative" || value === "autoDetect") return value;
  const [kind, base] = listOf(value);
  if (kind === "absolute") return kind;
  if (kind !== "relative" && kind !== "autoDetect") return undefined;
  return typeof base === "string" ? [kind, base] : kind;
}

function toBackground(value: unknown): ProblemMatcher["background"] | undefined {
  const fields = fieldsOf(value);
  const [beginsPattern, endsPattern] = ["beginsPattern", "endsPattern"].map((key) => {
    const line = fields?.[key];
    return expressionOf(fieldsOf(line)?.["regexp"] ?? line);
  });
  return beginsPattern !== undefined && endsPattern !== undefined
    ? { beginsPattern, endsPattern }
    : undefined;
}

function expressionOf(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > longestExpression) return undefined;
  try {
    return new RegExp(value).source === "" ? undefined : value;
  } catch {
    // An expression of another dialect: the matcher is left out.
    return undefined;
  }
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
