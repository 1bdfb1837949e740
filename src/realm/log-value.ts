/**
 * Values as logs show them (REPL specification 8): ordinary JSON, and where there is none a copy made safe. Unlike
 * `inspect.ts` it adds nothing that JSON would not say, because agents parse it.
 */
import type { RealmValue } from "../protocol/realm.ts";
import { cut } from "./cut.ts";
import { className, errorHead, isError, tagOf, textOf, thrownText } from "./value-names.ts";

/** Containers inside containers of a copy. */
const copyDepth = 8;
/** Containers and leaves of a copy. */
const copyNodes = 10_000;
const tagCharacters = 1000;

// Applications patch it, and a result must not depend on that.
const stringify = JSON.stringify.bind(JSON) as (
  value: unknown,
  replacer: null,
  indent: number,
) => string | undefined;

/** The value as a log shows it, cut after so many characters. Never throws. */
export function logValue(value: unknown, characters: number): RealmValue {
  if (typeof value === "string") return { kind: "text", ...shortened(value, characters) };
  try {
    const text = stringify(value, null, 2);
    return text === undefined
      ? { kind: "undefined" }
      : { kind: "json", ...shortened(text, characters) };
  } catch {
    // A cycle, a bigint, a getter or `toJSON` that throws: the copy says which.
    return copied(value, characters);
  }
}

function copied(value: unknown, characters: number): RealmValue {
  const note = "not plain JSON";
  const copy = copyOf(value, { ancestors: [], nodes: copyNodes });
  const text = typeof copy === "string" ? copy : (stringify(copy, null, 2) ?? "undefined");
  return { kind: "json", ...shortened(text, characters), note };
}

function shortened(text: string, characters: number): { text: string; missing: number } {
  const missing = Math.max(0, text.length - characters);
  return { text: missing === 0 ? text : text.slice(0, characters), missing };
}

interface Copying {
  readonly ancestors: object[];
  nodes: number;
}

/** Plain data without cycles; `undefined` where JSON has nothing either. */
function copyOf(value: unknown, copying: Copying): unknown {
  copying.nodes -= 1;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return value;
  if (copying.ancestors.includes(value)) return "[Circular]";
  copying.ancestors.push(value);
  try {
    return (
      tagged(value) ??
      (copying.ancestors.length > copyDepth ? `[${className(value)}]` : contents(value, copying))
    );
  } catch (error) {
    return `[Throws ${thrownText(error)}]`;
  } finally {
    copying.ancestors.pop();
  }
}

/** What is told in a few words, undefined for everything else. */
function tagged(value: object): string | undefined {
  const tag = tagOf(value);
  if (tag === "Map" || tag === "Set") return `[${tag} of ${(value as Map<unknown, unknown>).size}]`;
  const text = isError(value) ? errorText(value) : nodeText(value);
  return text === undefined ? undefined : cut(text, tagCharacters);
}

function errorText(error: object): string {
  const { name, message } = errorHead(error);
  return `[${name}: ${message}]`;
}

/** A node of a document, known by its shape: it may come from another frame, and Node has none. */
function nodeText(value: object): string | undefined {
  if (!("nodeType" in value) || typeof value.nodeType !== "number") return undefined;
  const id = textOf(value, "id");
  return `[${className(value)}${id === "" ? "" : `#${id}`}]`;
}

function contents(value: object, copying: Copying): unknown {
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const json: unknown = value.toJSON("");
    return json === value ? fields(value, copying) : copyOf(json, copying);
  }
  if (!Array.isArray(value)) return fields(value, copying);
  const items: unknown[] = [];
  for (const item of value) {
    if (copying.nodes <= 0) return [...items, `… ${value.length - items.length} more`];
    items.push(copyOf(item, copying));
  }
  return items;
}

function fields(value: object, copying: Copying): object {
  // Without a prototype, so that a key `__proto__` is a key.
  const copy: Record<string, unknown> = Object.create(null);
  const keys = Object.keys(value);
  for (const [index, key] of keys.entries()) {
    if (copying.nodes <= 0) {
      copy["…"] = `${keys.length - index} more`;
      break;
    }
    copy[key] = property(value, key, copying);
  }
  return copy;
}

function property(value: object, key: string, copying: Copying): unknown {
  try {
    return copyOf((value as Record<string, unknown>)[key], copying);
  } catch (error) {
    return `[Throws ${thrownText(error)}]`;
  }
}
