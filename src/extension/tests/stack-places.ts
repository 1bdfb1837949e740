/** Pure: the frames of a stack as places in files. */
import path from "node:path";
import { fileURLToPath } from "node:url";

export interface StackPlace {
  /** What the frame says stands there, or an empty text. */
  readonly label: string;
  /** Absolute path. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
}

/** `at name (where:5:30)`, `at where:5:30`, and `name@where:5:30` of other browsers. */
const frames = [
  /^\s*at (?:async )?(?<label>.*?) ?\((?<where>.+?):(?<line>\d+):(?<column>\d+)\)\s*$/,
  /^\s*at (?:async )?(?<label>)(?<where>.+?):(?<line>\d+):(?<column>\d+)\s*$/,
  /^(?<label>[^@\n]*)@(?<where>.+?):(?<line>\d+):(?<column>\d+)\s*$/,
];

/** More frames say nothing more to a person. */
const mostFrames = 50;

/** The frames that lie in files: absolute paths, paths below the root, and addresses of a page that serves the root. */
export function stackPlaces(stack: string, root: string): StackPlace[] {
  const places: StackPlace[] = [];
  for (const text of stack.split("\n")) {
    if (places.length === mostFrames) break;
    const match = frames.map((frame) => frame.exec(text)).find(Boolean);
    if (!match) continue;
    const { label = "", where = "", line, column } = match.groups ?? {};
    const file = fileOf(where, root);
    if (file !== undefined)
      places.push({ label, file, line: Number(line), column: Number(column) });
  }
  return places;
}

function fileOf(where: string, root: string): string | undefined {
  if (path.isAbsolute(where)) return where;
  if (!/^[a-z][\w+.-]+:/i.test(where)) {
    // A frame without an address, `<anonymous>` or `native`, has no file.
    return /[<>]/.test(where) || !where.includes(".") ? undefined : path.join(root, where);
  }
  try {
    const url = new URL(where);
    if (url.protocol === "file:") return fileURLToPath(url);
    if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
    const address = decodeURIComponent(url.pathname);
    if (address.startsWith("/@fs/")) return address.slice("/@fs".length);
    // Our own and Vite's modules have no file of the user.
    return /^\/[-@]/.test(address) ? undefined : path.join(root, address);
  } catch {
    // No address that could be read.
    return undefined;
  }
}
