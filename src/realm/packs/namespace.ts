/** What `import * as` gives of a packed module. */

export type Namespace = Record<string, unknown>;

/** Names that came by `export *`: the module's own win over them, also when they come later. */
const followers = new WeakMap<object, ((name: string) => void)[]>();

export function createNamespace(): object {
  const namespace = Object.create(null) as object;
  Object.defineProperty(namespace, Symbol.toStringTag, { value: "Module" });
  return namespace;
}

/** Copies the names as live bindings, and those that `from` gets only later, when both stand in a cycle. */
export function starExports(target: Namespace, from: object): void {
  const copy = (name: string): void => {
    if (name === "default" || name === "__esModule" || name in target) return;
    Object.defineProperty(target, name, {
      enumerable: true,
      configurable: true,
      get: () => (from as Namespace)[name],
    });
    for (const follow of followers.get(target) ?? []) follow(name);
  };
  for (const name of Object.keys(from)) copy(name);
  followers.set(from, [...(followers.get(from) ?? []), copy]);
}

/** Vite's transform turns an anonymous default export into a constant, which gives its name to the function. */
export function fixDefaultName(namespace: Namespace): void {
  const value = namespace["default"];
  if (typeof value !== "function" || value.name !== "__vite_ssr_export_default__") return;
  Object.defineProperty(value, "name", { value: "default", configurable: true });
}
