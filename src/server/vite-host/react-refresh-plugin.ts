/**
 * The last of a burst of saves must reach the screen. A React module accepts its updates only some time after it was
 * evaluated; an update that comes before that is evaluated, reported as done, and never drawn. So React is asked to draw
 * whatever is new at the end of each update, which is also sooner than the 16 ms that its glue waits.
 */
import type { Plugin } from "vite";

/** Address of the glue, in the plugins for React of all kinds. */
const runtime = "/@react-refresh";

const refreshAtEnd = `
if (import.meta.hot && typeof performReactRefresh === "function")
  import.meta.hot.on("vite:afterUpdate", () => void performReactRefresh());
`;

export function reactRefreshPlugin(): Plugin {
  return {
    name: "vitrine:react-refresh",
    apply: "serve",
    // Behind the plugin that brings the glue, before Vite gives it its `import.meta.hot`.
    enforce: "post",
    transform(code, id) {
      return id.endsWith(runtime) ? { code: code + refreshAtEnd, map: null } : undefined;
    },
  };
}
