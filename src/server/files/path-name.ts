/** F-01, steps 1 to 3: what a name from outside may look like, before the disk is touched. The same on every platform. */
import { UserError } from "../../protocol/errors.ts";
import { quoted } from "../quoted.ts";

export const NAME_LIMITS = {
  /** Bytes of the whole name, decoded. */
  bytes: 1024,
  segments: 32,
  /** Bytes of one segment. */
  segmentBytes: 200,
} as const;

/** Control characters, bidirectional controls, line separators, byte order mark, backslash, colon. */
const forbidden =
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\\:]/;
const stillEncoded = /%(?:2e|2f|5c|00|25)/i;
/** Windows opens a device for these whatever the extension. */
const device =
  /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?:\.|$)/i;
/** `ENV~1` is another name of `.env` where short names are on. */
const shortName = /^(?=[^.]{3,8}(?:\.|$))[^.~]{1,6}~[0-9]+(?:\.[^.]{0,3})?$/;

/** Whether a file system with short names could mean another file by this segment. */
export function isShortName(segment: string): boolean {
  return shortName.test(segment);
}

/**
 * @param name for `url` the raw path of a URL without query, encoded, one leading slash allowed; for `json` the name itself.
 * @returns its segments, decoded exactly once. Linear.
 * @throws UserError `path_refused`.
 */
export function checkName(name: string, kind: "url" | "json"): string[] {
  // Escapes make a URL at most three times as long as its name.
  if (typeof name !== "string" || name.length > 3 * NAME_LIMITS.bytes + 1)
    throw refused(name, "is too long");
  const text = kind === "url" ? decodeUrl(name) : name;
  const wrong =
    checkText(text) ??
    text
      .split("/")
      .map(checkSegment)
      .find((reason) => reason !== undefined);
  if (wrong !== undefined) throw refused(name, wrong);
  return text.split("/");
}

function decodeUrl(name: string): string {
  if (/[?#]/.test(name)) throw refused(name, "has a query");
  try {
    return decodeURIComponent(name.startsWith("/") ? name.slice(1) : name);
  } catch (cause) {
    throw refused(name, "is not percent-encoded UTF-8", cause);
  }
}

function checkText(text: string): string | undefined {
  if (text === "") return "is empty";
  if (Buffer.byteLength(text) > NAME_LIMITS.bytes) return "is too long";
  if (forbidden.test(text) || /\p{Cs}/u.test(text)) return "has a character that is not allowed";
  if (stillEncoded.test(text)) return "is encoded twice";
  if (text.startsWith("/") || text === "~" || text.startsWith("~/")) return "is not relative";
  return text.split("/").length > NAME_LIMITS.segments ? "has too many folders" : undefined;
}

function checkSegment(segment: string): string | undefined {
  if (segment === "") return "has an empty part";
  if (Buffer.byteLength(segment) > NAME_LIMITS.segmentBytes) return "has a part that is too long";
  if (segment.startsWith(" ") || /[. ]$/.test(segment))
    return "has a part that starts with a space or ends with a dot or space";
  // Full-width and other look-alike dots become dots in systems that normalise names.
  if (/^\.+$/.test(segment.normalize("NFKC"))) return "has a part of dots only";
  if (device.test(segment)) return "names a device";
  return isShortName(segment) ? "has a short name of another file" : undefined;
}

function refused(name: unknown, reason: string, cause?: unknown): UserError {
  const shown = typeof name === "string" ? quoted(name) : "of a value that is no text";
  return new UserError(
    "path_refused",
    `The name ${shown} ${reason}; use a relative path of plain names`,
    { cause },
  );
}
