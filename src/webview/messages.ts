/** Pure: checks of what arrives by postMessage (W-04). The page is hostile; the host is ours, but its door is shared. */
import type { PageMoved, ToPanel } from "../protocol/panel.ts";

const longestUrl = 2048;
const longestTitle = 500;

/** Closed: exactly the three keys, bounded strings, an http address. */
export function isPageMoved(message: unknown): message is PageMoved {
  if (typeof message !== "object" || message === null) return false;
  const { vitrine, url, title } = message as Record<string, unknown>;
  return (
    Reflect.ownKeys(message).length === 3 &&
    Object.hasOwn(message, "vitrine") &&
    vitrine === "moved" &&
    isShort(url, longestUrl) &&
    isShort(title, longestTitle) &&
    /^https?:/.test(url)
  );
}

export function isToPanel(message: unknown): message is ToPanel {
  if (typeof message !== "object" || message === null || !("type" in message)) return false;
  const types: readonly unknown[] = [
    "session",
    "notice",
    "go",
    "act",
  ] satisfies readonly ToPanel["type"][];
  return types.includes(message.type);
}

function isShort(value: unknown, longest: number): value is string {
  return typeof value === "string" && value.length <= longest;
}
