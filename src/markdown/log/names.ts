/** Names of realms as keys and file names (2.1), and the port that a folder's name stands for (16.2). */

/** Lower case, every run of other characters than `a-z0-9` one hyphen, none at the ends. May be empty. */
export function sanitizeName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

/** `h * 31 + c` over the UTF-16 code units, as a signed 32-bit integer. */
export function hashString(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++)
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}

const firstPort = 8100;
const ports = 1000;

/** The port of a root: 8100 to 9099, from the last part of its path, whatever its case. A drive alone has none. */
export function derivePort(root: string): number {
  const name = /^[A-Za-z]:[\\/]*$/.test(root) ? "" : (/([^\\/]*)[\\/]*$/.exec(root)?.[1] ?? "");
  return firstPort + (Math.abs(hashString(name.toLowerCase())) % ports);
}
