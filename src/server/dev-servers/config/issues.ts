/** What is wrong in a configuration, in sentences with a path: what stands there, and what must. */
import type * as v from "valibot";
import { quoted } from "../../quoted.ts";
import type { JsonPath } from "./json-text.ts";

export interface ConfigIssue {
  /** From the top of the file or of the setting. */
  readonly path: JsonPath;
  readonly message: string;
  /** A warning is about something that is left out; the rest applies. */
  readonly severity: "error" | "warning";
  /** The key is meant, not its value. */
  readonly atKey?: boolean;
}

/** @param issue whose message says what the value must be */
export function toIssue(issue: v.BaseIssue<unknown>, above: JsonPath): ConfigIssue {
  const keys = (issue.path ?? []).map(({ key }) => key as string | number);
  const path = [...above, ...keys];
  // A check of a whole object that is about one key has the object as its input.
  const value = issue.path === undefined ? issue.input : issue.path.at(-1)?.value;
  const fault =
    value === undefined ? "is missing; add it" : `is ${shown(value)}; it must be ${issue.message}`;
  return { path, message: `${pathWords(path)} ${fault}`, severity: "error" };
}

/** Keys of the input that the schema does not know: it leaves them out. */
export function unknownKeys(input: unknown, output: unknown, above: JsonPath): ConfigIssue[] {
  if (Array.isArray(input) && Array.isArray(output))
    return input.flatMap((item, index) => unknownKeys(item, output[index], [...above, index]));
  if (!isObject(input) || !isObject(output)) return [];
  return Object.keys(input).flatMap((key): ConfigIssue[] => {
    const path = [...above, key];
    if (Object.hasOwn(output, key)) return unknownKeys(input[key], output[key], path);
    const message = `${pathWords(path)} is not known and does nothing; remove it or correct its name`;
    return [{ path, message, severity: "warning", atKey: true }];
  });
}

/** `devServers.projects[0].ui`, or `The file` for the top. */
export function pathWords(path: JsonPath): string {
  if (path.length === 0) return "The configuration";
  return path
    .map((key, index) => {
      if (typeof key === "number") return `[${key}]`;
      const name = /^[\w.$-]{1,80}$/.test(key) ? key : quoted(key);
      return index === 0 ? name : `.${name}`;
    })
    .join("");
}

function shown(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
