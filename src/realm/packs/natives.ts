/** What only the browser can import. */
import type { Module } from "./module.ts";

/** Imports a module of the registry that is native, once; a failure is kept for those who need it. */
export async function importOnce(module: Module): Promise<void> {
  if (module.state !== "new") return;
  try {
    module.namespace = await importNatively(module.key, undefined);
    module.state = "done";
  } catch (error) {
    module.state = "failed";
    module.error = error;
  }
}

export function importNatively(specifier: string, options: unknown): Promise<object> {
  if (options === undefined) return import(specifier) as Promise<object>;
  return import(specifier, options as ImportCallOptions) as Promise<object>;
}
