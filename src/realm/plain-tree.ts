/** Reads a value once, with limits, into a plain tree that no getter and no later change can touch. */
import { cut } from "./cut.ts";
import { isFull, leaf, leafText, type Walk } from "./plain-leaf.ts";
import type { Plain } from "./print-plain.ts";
import { className, errorHead, isError, tagOf, thrownText } from "./value-names.ts";

const elementCharacters = 2000;

/** The tree of a value as far as the walk's limits reach. Never throws; what throws is named in its place. */
export function toPlain(value: unknown, walk: Walk): Plain {
  walk.nodes -= 1;
  if (typeof value === "object" && value !== null) return enter(value, walk);
  return leaf(value, walk);
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
