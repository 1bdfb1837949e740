/** N-15: what a request target may look like, decoded exactly once and written anew. */

export interface Target {
  /** Decoded path, starts with `/`. */
  readonly path: string;
  /** The path encoded anew, and the query as it came. */
  readonly url: string;
  /** Authority of an absolute-form target; the caller checks it like a `Host` (N-05). */
  readonly authority?: string;
}

/** Characters. A header block ends at 16 KiB anyway (N-17). */
const maximumLength = 16 * 1024;

/** @returns undefined for anything a browser would not send. Linear, never throws. */
export function parseTarget(target: string): Target | undefined {
  if (target.length > maximumLength || !/^[!-~]+$/.test(target) || /[#\\]/.test(target))
    return undefined;
  const absolute = /^https?:\/\/([^/?]*)(\/.*)?$/i.exec(target);
  const local = absolute === null ? target : (absolute[2] ?? "/");
  if (!local.startsWith("/") || local.startsWith("//")) return undefined;

  const queryAt = local.indexOf("?");
  const rawPath = queryAt < 0 ? local : local.slice(0, queryAt);
  const query = queryAt < 0 ? "" : local.slice(queryAt);
  const path = decodeOnce(rawPath);
  const decodedQuery = decodeOnce(query);
  if (path === undefined || decodedQuery === undefined) return undefined;
  if (decodedQuery.includes("\0") || !isCleanPath(path)) return undefined;
  const url = encodePath(rawPath) + query;
  return absolute === null ? { path, url } : { path, url, authority: absolute[1]! };
}

/** Undefined for invalid escapes and invalid UTF-8, overlong forms and surrogates included. */
function decodeOnce(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // A URIError is the answer to the question, not a failure.
    return undefined;
  }
}

function isCleanPath(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f\\]/.test(path)) return false;
  // Something downstream may decode a second time; nothing may appear then that was not seen here.
  if (/%(?:2e|2f|5c|00|25)/i.test(path)) return false;
  // Windows drops dots and spaces at the end of a name, so that `.. ` is `..` there.
  return !path.split("/").some((segment) => /^[. ]+$/.test(segment));
}

/**
 * As a browser would write it: `@`, `:`, brackets and `|` stay, because Vite's own addresses are compared as text. An
 * encoded slash stays encoded (it is one segment for the app), though every check has seen it as a slash.
 */
function encodePath(rawPath: string): string {
  return rawPath
    .split("/")
    .map((segment) =>
      encodeURI(decodeURIComponent(segment))
        .replace(/[?#/]/g, encodeURIComponent)
        .replace(/%(?:5B|5D|7C)/g, decodeURIComponent),
    )
    .join("/");
}
