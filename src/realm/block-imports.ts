/** What a block's imports give: live bindings to the exports of a module, CommonJS included. */

export interface LoadedModule {
  readonly namespace: object;
  /**
   * `always`: CommonJS behind a default export, names are taken from there as Vite does. `missing`: names that the module
   * does not export are taken from there, because Node finds those of CommonJS only by guessing.
   */
  readonly interop: "never" | "missing" | "always";
}

/** The names of a document's blocks and their values. */
export type Scope = Record<string, unknown>;

/** Binds a name that blocks can read but not assign; `get` answers its value at each use. */
export function bindImport(scope: Scope, local: string, get: () => unknown): void {
  Object.defineProperty(scope, local, {
    get,
    set() {
      throw new TypeError(`Assignment to constant variable ${local}: it is an import`);
    },
    enumerable: true,
    configurable: true,
  });
}

/** Reads an export at each use, so that the binding is as live as an import's. */
export function reader(loaded: LoadedModule, imported: string, specifier: string): () => unknown {
  const namespace = loaded.namespace as Scope;
  if (imported === "*") {
    const whole = namespaceOf(loaded);
    return () => whole;
  }
  const inside = namespace["default"] as Scope | null | undefined;
  if (loaded.interop === "always") {
    return imported === "default" && !inside?.["__esModule"]
      ? () => inside
      : () => inside?.[imported];
  }
  if (imported in namespace) return () => namespace[imported];
  if (loaded.interop === "missing" && isObject(inside) && imported in inside) {
    return () => inside?.[imported];
  }
  throw new SyntaxError(
    `The requested module '${specifier}' does not provide an export named '${imported}'`,
  );
}

/** What `import * as` and `import()` give: for CommonJS its names and itself as `default`, as Vite gives it. */
export function namespaceOf({ namespace, interop }: LoadedModule): object {
  if (interop !== "always") return namespace;
  const inside: unknown = (namespace as Scope)["default"];
  if (!isObject(inside) || Array.isArray(inside)) return { default: inside };
  return (inside as Scope)["__esModule"] ? inside : { ...inside, default: inside };
}

function isObject(value: unknown): value is object {
  return Object(value) === value;
}
