/** What the extension host and the panel's webview say to each other, and the panel and the page in its frame. */

import type { Problem, Session } from "./model.ts";

/** Host to webview. The webview renders what it is told and keeps nothing but scroll and input text. */
export type ToPanel =
  | {
      readonly type: "session";
      readonly session: Session;
      /** Sentence shown as a banner above the page, empty for none. */
      readonly banner: string;
      /** Absent when nothing is wrong with the back end of the project, or it has none. */
      readonly backEnd?: BackEndTrouble;
    }
  /** There is no session: untrusted workspace, no project, server gone. */
  | {
      readonly type: "notice";
      readonly kind: "untrusted" | "nothing" | "crashed";
      readonly title: string;
      readonly detail: string;
    }
  /** Go to a route of the page, or act as a browser would. */
  | { readonly type: "go"; readonly route: string }
  | { readonly type: "act"; readonly action: "back" | "forward" | "reload" };

/** What is wrong with the back end of the page that is shown. */
export interface BackEndTrouble {
  /** Of its newest build. */
  readonly problems: readonly Problem[];
  /** One line on why it does not serve as it should, when that is no error of its build; else empty. */
  readonly fault: string;
}

/** Webview to host. Hostile until checked by `isFromPanel`. */
export type FromPanel =
  | { readonly type: "ready" }
  | { readonly type: "openExternal" }
  | { readonly type: "openDevTools" }
  | { readonly type: "showLog" }
  | { readonly type: "restart" }
  | { readonly type: "start" }
  | { readonly type: "manageTrust" }
  | { readonly type: "installDependencies" }
  | { readonly type: "openFolder" }
  | { readonly type: "openProblem"; readonly problem: Pick<Problem, "file" | "line" | "column"> }
  /** The page moved: route = path below the base, with query and hash. */
  | { readonly type: "moved"; readonly route: string; readonly title: string };

/** Page to panel, over postMessage with explicit target origin. */
export interface PageMoved {
  readonly vitrine: "moved";
  readonly url: string;
  readonly title: string;
}

/** Panel to page, over postMessage with the page's exact origin. */
export type PanelCommand =
  /** Answer to each `moved`: the panel shows errors itself, so the page hides Vite's own overlay. */
  | { readonly vitrine: "attached" }
  | { readonly vitrine: "go"; readonly url: string }
  | { readonly vitrine: "back" | "forward" | "reload" };
