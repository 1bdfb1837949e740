/**
 * Vite's client of a plugin reloads the page when it cannot update a module, and when its server comes back. Here it runs in
 * the page of another project, which loses nothing by it: the reload is held up, and the plugin alone is loaded anew.
 */

interface NavigateEvent extends Event {
  readonly navigationType: string;
}

/**
 * Does nothing where the browser has no Navigation API: there the page reloads.
 * @param ask told the stack of the caller. @returns whether the page must not reload
 */
export function holdReloads(ask: (stack: string) => boolean): void {
  const { navigation } = globalThis as { navigation?: EventTarget };
  navigation?.addEventListener("navigate", (event) => {
    const { navigationType, cancelable } = event as NavigateEvent;
    if (navigationType !== "reload" || !cancelable) return;
    // Called by `location.reload()` itself, so that its caller stands in the stack.
    if (ask(new Error().stack ?? "")) event.preventDefault();
  });
}
