/** What is known of one packed module. */

/** As Vite's module-runner transform names its parameters; their number is Vite's. */
// oxlint-disable-next-line max-params
export type ModuleFunction = (
  exports: object,
  meta: ImportMetaObject,
  importStatic: (key: string, about?: { importedNames?: readonly string[] }) => object,
  importDynamic: (specifier: unknown, options?: unknown) => Promise<unknown>,
  exportAll: (namespace: object) => void,
  exportName: (name: string, get: () => unknown) => void,
) => unknown;

/** Keys of static imports, whether it has top-level await, the function; null = the browser imports it itself. */
export type Registration = readonly [readonly string[], 0 | 1, ModuleFunction] | null;

export interface ImportMetaObject {
  url: string;
  resolve(specifier: string): string;
}

export interface Module {
  readonly key: string;
  readonly deps: readonly string[];
  /** Absent when the browser imports it itself. */
  readonly run: ModuleFunction | undefined;
  state: "new" | "running" | "done" | "failed";
  namespace: object;
  /** It or something it imports has top-level await. */
  waits: boolean;
  /** Everything it imports statically is registered; never becomes untrue. */
  complete: boolean;
  error?: unknown;
  promise?: Promise<void>;
}
