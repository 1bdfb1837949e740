/**
 * One hook of React for the refresh runtimes of several dev servers. Each of them believes to be alone: it would overlook a
 * renderer that came before it, and take the components of another server for unknown ones, which shows their old code again.
 */

type Family = object | undefined;
type Handler = ((type: unknown) => Family) | null;

interface Renderer {
  setRefreshHandler?: ((handler: Handler) => void) | undefined;
}

interface Hook {
  readonly renderers: Map<number, Renderer>;
  inject(renderer: Renderer): number;
}

const hookName = "__REACT_DEVTOOLS_GLOBAL_HOOK__";

/** Before React, and before every refresh runtime. */
export function shareRefreshHook(): void {
  const globals = globalThis as Record<string, unknown>;
  const hook = (globals[hookName] ??= createHook()) as Hook;
  const { inject } = hook;
  hook.inject = (renderer) => {
    uniteHandlers(renderer);
    return inject.call(hook, renderer);
  };
}

/** As the runtimes make it when there are no developer tools, and with the list of renderers that those keep. */
function createHook(): object {
  const renderers = new Map<number, Renderer>();
  return {
    renderers,
    supportsFiber: true,
    inject(renderer: Renderer) {
      renderers.set(renderers.size + 1, renderer);
      return renderers.size;
    },
    onScheduleFiberRoot: ignore,
    onCommitFiberRoot: ignore,
    onCommitFiberUnmount: ignore,
  };
}

function ignore(): void {}

function uniteHandlers(renderer: Renderer): void {
  const set = renderer.setRefreshHandler;
  if (typeof set !== "function") return;
  const handlers = new Set<NonNullable<Handler>>();
  const anyFamily = (type: unknown): Family => {
    for (const handler of handlers) {
      const family = handler(type);
      if (family !== undefined) return family;
    }
    return undefined;
  };
  renderer.setRefreshHandler = (handler) => {
    if (handler !== null) handlers.add(handler);
    set(anyFamily);
  };
}
