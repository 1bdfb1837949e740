/**
 * Addresses that exist only between a Node realm and its loader, which lives in a thread of its own: an import of a block
 * names its document, and the import of `refreshAddress` begins a run.
 */

const runScheme = "vitrine-run:";
const refreshScheme = "vitrine-refresh:";

export interface RunImport {
  /** Absolute path of the document. */
  readonly file: string;
  readonly specifier: string;
}

export function toRunAddress({ file, specifier }: RunImport): string {
  return `${runScheme}${encodeURIComponent(file)}:${encodeURIComponent(specifier)}`;
}

/** The reverse; undefined for any other specifier. */
export function fromRunAddress(address: string): RunImport | undefined {
  if (!address.startsWith(runScheme)) return undefined;
  const parts = address.slice(runScheme.length).split(":").map(decodeURIComponent);
  return { file: parts[0] ?? "", specifier: parts[1] ?? "" };
}

/** Its module's default export is the list of files (absolute paths) that are loaded anew from now on. */
export function refreshAddress(job: string): string {
  return refreshScheme + encodeURIComponent(job);
}

export function isRefreshAddress(address: string): boolean {
  return address.startsWith(refreshScheme);
}
