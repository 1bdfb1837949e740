/** F-06 as decision 9 refines it: files that are never served, wherever they are. */
import { isShortName } from "./path-name.ts";

const folders: ReadonlySet<string> = new Set([".git", ".hg", ".svn", ".ssh", ".aws", ".vscode"]);
const names: ReadonlySet<string> = new Set([".npmrc", ".netrc"]);
/** `.vitrine` begins the names of our own temporary files and folders. */
const beginnings = /^(?:\.env|\.yarnrc|\.vitrine|id_(?:rsa|dsa|ecdsa|ed25519))/;
const extensions = /\.(?:pem|crt|key|p12|pfx|cer|der|jks|kdbx)$/;
/** Characters that a disk may ignore in names: `.g<zero width>it` is `.git` there. */
const ignorable = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;
/**
 * Where a part of a path may end for something further on: folders, Windows streams and drives, a query or hash that was
 * encoded, Vite's placeholder for a null byte.
 */
// oxlint-disable-next-line no-control-regex -- Vite itself puts null bytes in front of ids
const separators = /[\\/:?#\u0000]|__x00__/;

/**
 * @param path decoded, of a file or of a URL; without case, and whatever stands behind `?`, `#` or `:`. Relative to the
 * root where there is one: a root may itself lie below such a folder.
 */
export function isDenied(path: string): boolean {
  return path.split(separators).some(isDeniedSegment);
}

function isDeniedSegment(segment: string): boolean {
  // Compatibility forms first: full-width letters, the long s and the Kelvin sign are equal to ASCII on some disks.
  const folded = segment.normalize("NFKC").replace(ignorable, "").toLowerCase();
  const name = withoutEnding(folded);
  return (
    folders.has(name) ||
    names.has(name) ||
    beginnings.test(name) ||
    extensions.test(name) ||
    isShortName(name)
  );
}

/** Without dots and spaces at the end, which Windows drops. A loop, because `[. ]+$` is quadratic. */
function withoutEnding(name: string): string {
  let end = name.length;
  while (end > 0 && (name[end - 1] === "." || name[end - 1] === " ")) end--;
  return name.slice(0, end);
}
