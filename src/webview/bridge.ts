/** The webview's two doors: the extension host, and the page in its frame. The only caller of `acquireVsCodeApi`. */
import type { FromPanel, PageMoved, PanelCommand, ToPanel } from "../protocol/panel.ts";
import { isPageMoved, isToPanel } from "./messages.ts";

/** What survives a reload of the window; the host checks it before use (W-05). */
export interface PanelState {
  readonly root: string;
  readonly route: string;
}

interface HostApi {
  postMessage(message: FromPanel): void;
  setState(state: PanelState): void;
  getState(): unknown;
}

declare function acquireVsCodeApi(): HostApi;

export interface BridgeListeners {
  fromHost(message: ToPanel): void;
  fromPage(message: PageMoved): void;
}

export interface Bridge {
  send(message: FromPanel): void;
  keep(state: PanelState): void;
  /** The frame whose window is heard and told, and the exact origin it must have. */
  setPage(page: Page): void;
  /** To the page, if there is one. */
  command(command: PanelCommand): void;
}

export interface Page {
  readonly frame: { readonly contentWindow: Window | null };
  readonly origin: string;
}

/** Opens both doors. `own` is this window; tests pass another. */
export function openBridge(listeners: BridgeListeners, own: Window = window): Bridge {
  const api = acquireVsCodeApi();
  let page: Page | undefined;
  let host: MessageEventSource | null | undefined;

  own.addEventListener("message", (event: MessageEvent<unknown>) => {
    if (page && event.source !== null && event.source === page.frame.contentWindow) {
      if (event.origin === page.origin && isPageMoved(event.data)) listeners.fromPage(event.data);
      return;
    }
    // Behind a path proxy the page has the origin of this window, so an origin alone does not name the host. Its window
    // does: no frame exists before the host spoke first.
    host ??= event.source;
    if (event.source === host && event.origin === own.origin && isToPanel(event.data))
      listeners.fromHost(event.data);
  });

  return {
    send: (message) => api.postMessage(message),
    keep: (state) => api.setState(state),
    setPage: (next) => {
      page = next;
    },
    command: (command) => page?.frame.contentWindow?.postMessage(command, page.origin),
  };
}
