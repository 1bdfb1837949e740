/** How a block's import names its document and its run on the way to the loader, which lives in a thread of its own. */

const scheme = "vitrine-run:";

export interface RunImport {
  /** Changes with each run. */
  readonly run: string;
  /** Absolute path of the document. */
  readonly file: string;
  readonly specifier: string;
}

export function toRunAddress({ run, file, specifier }: RunImport): string {
  return scheme + [run, file, specifier].map(encodeURIComponent).join(":");
}

/** The reverse; undefined for any other specifier. */
export function fromRunAddress(address: string): RunImport | undefined {
  if (!address.startsWith(scheme)) return undefined;
  const [run = "", file = "", specifier = ""] = address
    .slice(scheme.length)
    .split(":")
    .map(decodeURIComponent);
  return { run, file, specifier };
}
