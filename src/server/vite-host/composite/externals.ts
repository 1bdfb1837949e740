/** A build leaves shared packages out, beside what the project leaves out itself. Pure. */
import type { UserConfig } from "vite";

type Options = NonNullable<NonNullable<UserConfig["build"]>["rollupOptions"]>;
type External = NonNullable<Options["external"]>;

/** Changed in place: a configuration that a plugin returns is merged, and a function is lost there beside a list. */
export function withExternals(config: UserConfig, packages: readonly string[]): void {
  const build = (config.build ??= {}) as Record<string, Options | undefined>;
  // Vite 8 reads its own name for the options first.
  const key = build["rolldownOptions"] === undefined ? "rollupOptions" : "rolldownOptions";
  const options = (build[key] ??= {});
  options.external = mergeExternal(options.external, packages);
}

function mergeExternal(existing: External | undefined, packages: readonly string[]): External {
  if (typeof existing !== "function") return [...[existing ?? []].flat(), ...packages];
  return (id, ...about) => packages.includes(id) || existing(id, ...about);
}
