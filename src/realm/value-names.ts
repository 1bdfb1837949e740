/**
 * What a value calls itself: class, tag, and what an error says. It may come from another frame, so `instanceof` is not
 * enough.
 */
import { cut } from "./cut.ts";

/** Whether it is an error, also of another frame. Never throws. */
export function isError(value: unknown): value is object {
  try {
    return value instanceof Error || /^(?:Error|DOMException)$/.test(tagOf(value));
  } catch {
    // A revoked proxy throws on every question; it is no error.
    return false;
  }
}

/** Name and message of an error; the name of its class where it has none. */
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

/** What was thrown, in a few words: an error's message, the type of anything else. */
export function thrownText(thrown: unknown): string {
  return cut(isError(thrown) ? textOf(thrown, "message") : typeof thrown, 200);
}

/** The name of its class; its tag where there is none. */
export function className(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return tagOf(value);
  const { constructor } = prototype as { constructor: unknown };
  return typeof constructor === "function" && constructor.name !== ""
    ? constructor.name
    : tagOf(value);
}

/** What the language calls it, such as `Array` or `Date`, also of another frame. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
