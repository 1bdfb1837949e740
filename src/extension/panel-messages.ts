/** Pure: checks what comes from the webview and from stored state. Both are hostile input (W-04, W-05). */
import type { FromPanel } from "../protocol/panel.ts";
import { isRoute } from "./state.ts";

/** What the webview keeps with `setState` and the serializer gets back after a reload of the window. */
export interface PanelState {
  /** Root of the project shown. */
  readonly root: string;
  readonly route: string;
}

const longestTitle = 500;
const longestPath = 4096;
const highestLine = 10_000_000;

/** A closed list: a message with an unknown type, another key, or a value out of bounds is refused. */
export function isFromPanel(message: unknown): message is FromPanel {
  if (!isPlain(message)) return false;
  switch (message["type"]) {
    case "ready":
    case "openExternal":
    case "openDevTools":
    case "showLog":
    case "restart":
    case "start":
    case "manageTrust":
    case "installDependencies":
    case "openFolder":
      return hasExactly(message, ["type"]);
    case "moved":
      return (
        hasExactly(message, ["type", "route", "title"]) &&
        isRoute(message["route"]) &&
        isText(message["title"], longestTitle)
      );
    case "openProblem":
      return hasExactly(message, ["type", "problem"]) && isPlace(message["problem"]);
    default:
      return false;
  }
}

/** A restored panel's state, or undefined when it is not one of ours. */
export function toPanelState(state: unknown): PanelState | undefined {
  if (!isPlain(state)) return undefined;
  const { root, route } = state;
  if (!isText(root, longestPath) || root === "") return undefined;
  return { root, route: isRoute(route) ? route : "/" };
}

function isPlace(value: unknown): boolean {
  return (
    isPlain(value) &&
    hasExactly(value, ["file", "line", "column"]) &&
    isText(value["file"], longestPath) &&
    isLine(value["line"]) &&
    isLine(value["column"])
  );
}

/** Own, enumerable keys only: nothing inherited counts. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function hasExactly(value: object, keys: readonly string[]): boolean {
  const own = Reflect.ownKeys(value);
  return own.length === keys.length && keys.every((key) => Object.hasOwn(value, key));
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === "string" && value.length <= longest;
}

function isLine(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= highestLine;
}
