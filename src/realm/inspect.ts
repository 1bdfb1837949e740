/**
 * Any value as text. A value is read once into a plain tree, with limits, and the tree is printed; so no getter runs
 * twice and nothing that a value does while it is read can break a result.
 */
import { REALM_LIMITS, type RealmValue } from "../protocol/realm.ts";

export interface InspectLimits {
  /** Containers inside containers. */
  readonly depth: number;
  /** Elements or keys of one container. */
  readonly items: number;
  /** Containers and leaves in all. */
  readonly nodes: number;
  /** Characters of the text. */
  readonly characters: number;
}

const valueLimits: InspectLimits = {
  depth: 10,
  items: 1000,
  nodes: 20_000,
  characters: REALM_LIMITS.valueCharacters,
};
const lineLimits: InspectLimits = {
  depth: 4,
  items: 100,
  nodes: 1000,
  characters: REALM_LIMITS.lineCharacters,
};

/** Columns up to which a list of numbers, or a whole console value, stays on one line. */
const lineWidth = 100;
const elementCharacters = 2000;

interface Fields {
  readonly fields: readonly (readonly [string, Plain])[];
}
type Plain = string | number | boolean | null | readonly Plain[] | Fields;

interface Walk {
  readonly limits: InspectLimits;
  readonly ancestors: object[];
  nodes: number;
  characters: number;
}

/**
 * The value of a block as JSON text with 2-space indent; what JSON does not know becomes a string such as
 * `"[Function name]"` or `"[Circular]"`. Text over the limit is cut and the characters that are missing are counted; a
 * string that was cut is still JSON. Never throws.
 */
export function inspectValue(value: unknown, limits: Partial<InspectLimits> = {}): RealmValue {
  if (value === undefined) return { kind: "undefined" };
  const complete = { ...valueLimits, ...limits };
  if (typeof value === "string") return cutString(value, complete.characters);
  const text = print(toPlain(value, startWalk(complete)), "");
  const missing = Math.max(0, text.length - complete.characters);
  return { kind: "json", text: missing > 0 ? text.slice(0, complete.characters) : text, missing };
}

/** The value as a console shows it: strings bare, short objects on one line. Never throws. */
export function inspectLine(value: unknown, limits: Partial<InspectLimits> = {}): string {
  const complete = { ...lineLimits, ...limits };
  if (typeof value === "string") return cut(value, complete.characters);
  if (value === undefined) return "undefined";
  const plain = toPlain(value, startWalk(complete));
  if (typeof plain === "string") return cut(plain, complete.characters);
  const line = printOnLine(plain);
  return cut(line.length <= lineWidth ? line : print(plain, ""), complete.characters);
}

/** Cuts a text and says how much is missing. */
export function cut(text: string, characters: number): string {
  if (text.length <= characters) return text;
  return `${text.slice(0, characters)}… ${text.length - characters} more characters`;
}

function cutString(value: string, characters: number): RealmValue {
  let kept = value.slice(0, characters);
  let text = JSON.stringify(kept);
  // Escapes make the JSON longer than the string, so the string is shortened until its JSON fits.
  while (text.length > characters && kept.length > 0) {
    kept = kept.slice(
      0,
      Math.min(kept.length - 1, Math.floor((kept.length * characters) / text.length)),
    );
    text = JSON.stringify(kept);
  }
  return { kind: "json", text, missing: value.length - kept.length };
}

function startWalk(limits: InspectLimits): Walk {
  return { limits, ancestors: [], nodes: limits.nodes, characters: limits.characters };
}

function toPlain(value: unknown, walk: Walk): Plain {
  walk.nodes -= 1;
  if (typeof value === "object" && value !== null) return enter(value, walk);
  return leaf(value, walk);
}

function leaf(value: unknown, walk: Walk): Plain {
  switch (typeof value) {
    case "string":
      return leafText(value, walk);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
      return value;
    case "bigint":
      return leafText(`${value}n`, walk);
    case "function":
      return describeFunction(value);
    case "undefined":
      return "[undefined]";
    default:
      return value === null ? null : String(value);
  }
}

function leafText(text: string, walk: Walk): string {
  const room = Math.max(walk.characters, 64);
  walk.characters -= text.length;
  return cut(text, room);
}

function describeFunction(value: object): string {
  try {
    const isClass = /^class\b/.test(Function.prototype.toString.call(value));
    const name = "name" in value && typeof value.name === "string" ? value.name : "";
    return `[${isClass ? "class" : "Function"}${name === "" ? "" : ` ${name}`}]`;
  } catch {
    // A proxy may throw on any question.
    return "[Function]";
  }
}

function enter(value: object, walk: Walk): Plain {
  if (walk.ancestors.includes(value)) return "[Circular]";
  walk.ancestors.push(value);
  try {
    if (walk.ancestors.length > walk.limits.depth)
      return Array.isArray(value) ? "[Array]" : `[${className(value)}]`;
    return describeSpecial(value, walk) ?? describeJson(value, walk) ?? contents(value, walk);
  } catch (error) {
    return `[Throws ${thrownText(error)}]`;
  } finally {
    walk.ancestors.pop();
  }
}

/** What has a form of its own, undefined for everything else. */
function describeSpecial(value: object, walk: Walk): Plain | undefined {
  if (ArrayBuffer.isView(value)) return describeView(value, walk);
  const tag = tagOf(value);
  switch (tag) {
    case "Date": {
      const time = Date.prototype.getTime.call(value);
      return Number.isNaN(time) ? "Invalid Date" : new Date(time).toISOString();
    }
    case "RegExp":
      return RegExp.prototype.toString.call(value);
    case "Number":
    case "String":
    case "Boolean":
      return leaf(value.valueOf(), walk);
    case "Map":
      return { fields: [["[Map]", collection(value as Map<unknown, unknown>, walk)]] };
    case "Set":
      return { fields: [["[Set]", collection(value as Set<unknown>, walk)]] };
    case "ArrayBuffer":
    case "SharedArrayBuffer":
      return `[${tag} ${(value as ArrayBuffer).byteLength} bytes]`;
    case "Window":
    case "Promise":
    case "WeakMap":
    case "WeakSet":
    case "WeakRef":
      return `[${tag}]`;
    default:
      if (value === globalThis) return "[global]";
      return isError(value) ? describeError(value, walk) : describeNode(value);
  }
}

function describeView(value: ArrayBufferView, walk: Walk): Plain {
  if (value instanceof DataView) return `[DataView ${value.byteLength} bytes]`;
  return { fields: [[`[${className(value)}]`, list(value as Uint8Array, walk)]] };
}

function describeError(error: object, walk: Walk): Plain {
  const { name, message } = errorHead(error);
  const head = `${name}: ${message}`;
  const own = Object.keys(error).filter(
    (key) => key !== "name" && key !== "message" && key !== "stack",
  );
  const shown = "cause" in error && !own.includes("cause") ? [...own, "cause"] : own;
  if (shown.length === 0) return `[${head}]`;
  return { fields: [["[Error]", head], ...fieldsOf(error, shown, walk)] };
}

/** Nodes of a document, known by their shape: they may come from another frame, and Node has none. */
function describeNode(value: object): Plain | undefined {
  if (!("nodeType" in value) || !("nodeName" in value) || typeof value.nodeType !== "number")
    return undefined;
  if ("outerHTML" in value && typeof value.outerHTML === "string")
    return cut(value.outerHTML, elementCharacters);
  return `[${String(value.nodeName)}]`;
}

function describeJson(value: object, walk: Walk): Plain | undefined {
  if (!("toJSON" in value) || typeof value.toJSON !== "function") return undefined;
  const json: unknown = value.toJSON("");
  if (typeof json !== "object" || json === null) return leaf(json, walk);
  return contents(json, walk);
}

function contents(value: object, walk: Walk): Plain {
  if (Array.isArray(value)) return list(value, walk);
  if (/^(?:NodeList|HTMLCollection|DOMTokenList|FileList|Arguments)$/.test(tagOf(value))) {
    return list(value as ArrayLike<unknown>, walk);
  }
  const keys = Object.keys(value);
  const name = className(value);
  if (keys.length === 0 && name !== "Object" && name !== "Module") return `[${name}]`;
  return { fields: fieldsOf(value, keys, walk) };
}

function fieldsOf(value: object, keys: readonly string[], walk: Walk): [string, Plain][] {
  const fields: [string, Plain][] = [];
  for (const key of keys) {
    if (isFull(fields.length, walk)) {
      fields.push(["…", `${keys.length - fields.length} more`]);
      break;
    }
    fields.push([leafText(key, walk), property(value, key, walk)]);
  }
  return fields;
}

function property(value: object, key: string, walk: Walk): Plain {
  try {
    return toPlain((value as Record<string, unknown>)[key], walk);
  } catch (error) {
    return `[Throws ${thrownText(error)}]`;
  }
}

function list(values: ArrayLike<unknown>, walk: Walk): Plain[] {
  const { length } = values;
  const plain: Plain[] = [];
  let index = 0;
  while (index < length && !isFull(plain.length, walk)) {
    const start = index;
    while (index < length && index - start < walk.limits.items && !(index in values)) index += 1;
    if (index > start) plain.push(`[${index - start} empty]`);
    else plain.push(toPlain(values[index++], walk));
  }
  if (index < length) plain.push(`… ${length - index} more`);
  return plain;
}

function collection(values: Map<unknown, unknown> | Set<unknown>, walk: Walk): Plain[] {
  const plain: Plain[] = [];
  for (const value of values) {
    if (isFull(plain.length, walk)) {
      plain.push(`… ${values.size - plain.length} more`);
      break;
    }
    plain.push(toPlain(value, walk));
  }
  return plain;
}

function isFull(items: number, walk: Walk): boolean {
  return items >= walk.limits.items || walk.nodes <= 0 || walk.characters <= 0;
}

function print(plain: Plain, indent: string): string {
  if (plain === null || typeof plain !== "object") return printLeaf(plain);
  const inner = `${indent}  `;
  if ("fields" in plain) {
    if (plain.fields.length === 0) return "{}";
    const lines = plain.fields.map(
      ([key, value]) => `${inner}${JSON.stringify(key)}: ${print(value, inner)}`,
    );
    return `{\n${lines.join(",\n")}\n${indent}}`;
  }
  if (plain.length === 0) return "[]";
  if (plain.every((item) => typeof item === "number")) return printNumbers(plain, indent);
  return `[\n${plain.map((item) => inner + print(item, inner)).join(",\n")}\n${indent}]`;
}

function printLeaf(plain: string | number | boolean | null): string {
  return Object.is(plain, -0) ? "-0" : JSON.stringify(plain);
}

function printNumbers(numbers: readonly number[], indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const text of numbers.map(printLeaf)) {
    const longer = line === "" ? text : `${line}, ${text}`;
    if (indent.length + longer.length > lineWidth) lines.push(line);
    line = indent.length + longer.length > lineWidth ? text : longer;
  }
  if (lines.length === 0) return `[${line}]`;
  return `[\n${[...lines, line].map((one) => `${indent}  ${one}`).join(",\n")}\n${indent}]`;
}

function printOnLine(plain: Plain): string {
  if (plain === null || typeof plain !== "object") return printLeaf(plain);
  if (!("fields" in plain)) return `[${plain.map(printOnLine).join(", ")}]`;
  if (plain.fields.length === 0) return "{}";
  return `{ ${plain.fields.map(([key, value]) => `${JSON.stringify(key)}: ${printOnLine(value)}`).join(", ")} }`;
}

/** Whether it is an error, also of another frame. Never throws. */
export function isError(value: unknown): value is object {
  try {
    return value instanceof Error || /^(?:Error|DOMException)$/.test(tagOf(value));
  } catch {
    // A revoked proxy throws on every question; it is no error.
    return false;
  }
}

export function errorHead(error: object): { name: string; message: string } {
  return { name: textOf(error, "name") || className(error), message: textOf(error, "message") };
}

/** A property that should be text, empty when it is not or throws. */
export function textOf(value: object, key: string): string {
  const text = readProperty(value, key);
  return typeof text === "string" ? text : "";
}

function readProperty(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    // A getter of the page's own making: what it hides is not needed.
    return undefined;
  }
}

function thrownText(thrown: unknown): string {
  return cut(isError(thrown) ? textOf(thrown, "message") : typeof thrown, 200);
}

function className(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return tagOf(value);
  const { constructor } = prototype as { constructor: unknown };
  return typeof constructor === "function" && constructor.name !== ""
    ? constructor.name
    : tagOf(value);
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
