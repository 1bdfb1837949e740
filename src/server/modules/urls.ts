/** Keys of packed modules are the specifiers of transformed code; these are the ways from and to Vite's own names. Pure. */

/** What Vite calls the zero byte of virtual ids in addresses. */
const nullByte = "__x00__";

/** Whether a specifier of transformed code names something this server may transform. */
export function isLocal(key: string): boolean {
  return key.startsWith("/") && !key.startsWith("//");
}

/** What `transformRequest` takes: base, `import` and `t` are taken off and ids unwrapped, as Vite's middleware does. */
export function toRequest(key: string, base: string): string {
  const local = key.startsWith(base) ? key.slice(base.length - 1) : key;
  const plain = withoutQuery(withoutTime(decoded(local)), importQuery);
  return plain.startsWith("/@id/") ? plain.slice("/@id/".length).replace(nullByte, "\0") : plain;
}

const importQuery = /([?&])import=?(?:&|$)/;

function withoutQuery(url: string, pattern: RegExp): string {
  return url.replace(pattern, "$1").replace(/[?&]$/, "");
}

function decoded(url: string): string {
  try {
    return decodeURI(url);
  } catch {
    // A lone per cent sign stands for itself.
    return url;
  }
}

/** The key without the time of its update. */
export function withoutTime(key: string): string {
  return withoutQuery(key, /([?&])t=\d{13}(?:&|$)/);
}

interface JsUpdate {
  readonly acceptedPath: string;
  readonly timestamp: number;
  readonly explicitImportRequired?: boolean | undefined;
}

/** The address that Vite's client imports for an update, so the key under which it looks. */
export function updateKey(update: JsUpdate, base: string): string {
  const [path = "", query] = update.acceptedPath.split("?");
  const wanted = update.explicitImportRequired ? "import&" : "";
  const url = `${path}?${wanted}t=${update.timestamp}${query === undefined ? "" : `&${query}`}`;
  const browserUrl = /^[./]/.test(url) ? url : `/@id/${url.replace("\0", nullByte)}`;
  return base.replace(/\/$/, "") + (browserUrl.startsWith("/") ? browserUrl : `/${browserUrl}`);
}

/**
 * The first file that occurs with two versions. One settled graph has many versions, but never two of one file: then the
 * optimiser has committed between two transforms, and the page would get two instances.
 */
export function findMixedVersions(keys: Iterable<string>): string | undefined {
  const versions = new Map<string, string>();
  for (const key of keys) {
    const version = /[?&]v=([\w-]+)/.exec(key)?.[1];
    if (version === undefined) continue;
    const file = key.replace(/[?&][vt]=[\w-]+/g, "");
    const known = versions.get(file);
    if (known !== undefined && known !== version) return file;
    versions.set(file, version);
  }
  return undefined;
}
