/** The forms in which tests, suites and hooks are written: `(name, options, fn)`, each of them optional. */
import { DEFAULT_TIMEOUT_MS, type Hook, type TestFunction, type TestOptions } from "./registry.ts";

export interface Written {
  readonly name: string;
  readonly options: TestOptions;
  readonly fn: TestFunction;
}

export type WrittenArguments = readonly [
  nameOrOptionsOrFunction?: string | TestOptions | TestFunction | undefined,
  optionsOrFunction?: TestOptions | TestFunction | undefined,
  fn?: TestFunction | undefined,
];

export function readWritten(args: WrittenArguments, more: TestOptions = {}): Written {
  let name: string | undefined;
  let options: TestOptions = {};
  let fn: TestFunction | undefined;
  for (const argument of args) {
    if (typeof argument === "string") name = argument;
    else if (typeof argument === "function") fn = argument;
    else if (argument !== null && typeof argument === "object") options = argument;
  }
  return {
    name: name ?? options.name ?? (fn?.name || "unnamed test"),
    options: { ...options, ...more },
    fn: fn ?? (() => {}),
  };
}

export function toHook(fn: TestFunction, options: { readonly timeout?: number } = {}): Hook {
  return { fn, timeout: options.timeout ?? DEFAULT_TIMEOUT_MS };
}
