/**
 * A file that is created may be the one that an import could not find, so Vite counts every module that failed for such a
 * reason as changed with it. Nobody accepts most of them: one broken test file in the project would make each new file
 * load the page again. Only those count that the new file mends.
 */
import type { EnvironmentModuleNode, HotUpdateOptions } from "vite";
import { toModulePath } from "./proof.ts";

/**
 * @param transform fails as long as the module does
 * @returns the modules that changed, undefined when all of them did
 */
export async function mendedModules(
  { type, file, modules }: HotUpdateOptions,
  transform: (url: string) => Promise<unknown>,
): Promise<EnvironmentModuleNode[] | undefined> {
  if (type !== "create") return undefined;
  const changed = await Promise.all(
    modules.map(async (module) => {
      const hadFailed = module.transformResult === null && module.file !== toModulePath(file);
      if (!hadFailed) return true;
      return transform(module.url).then(
        () => true,
        () => false,
      );
    }),
  );
  return changed.includes(false) ? modules.filter((_, index) => changed[index]) : undefined;
}
