/** The page in the panel's frame: tells the panel where it is, and moves when the panel says so (W-04). */
import type { PageMoved, PanelCommand } from "../protocol/panel.ts";
import type { Place } from "./navigation.ts";

export interface PanelLink {
  moved(place: Place): void;
}

/**
 * Links to the window around this one; without one, or when its origin is not known, nothing is sent or heard.
 * @param base address of the page's base: the panel cannot send the page anywhere else
 */
export function linkPanel(base: URL): PanelLink {
  const origin = parentOrigin();
  if (origin === undefined) return { moved: () => {} };
  addEventListener("message", (event) => {
    if (event.source !== window.parent || event.origin !== origin) return;
    obey(event.data, base);
  });
  return {
    moved({ url, title }) {
      const message: PageMoved = { vitrine: "moved", url, title };
      window.parent.postMessage(message, origin);
    },
  };
}

function parentOrigin(): string | undefined {
  if (window.parent === window) return undefined;
  // Firefox learned ancestorOrigins late. There the referrer of the frame's first page is the panel's address.
  const { ancestorOrigins } = location as { ancestorOrigins?: DOMStringList };
  const origin = ancestorOrigins?.[0] ?? originOf(document.referrer);
  return origin === undefined || origin === "null" ? undefined : origin;
}

function originOf(address: string): string | undefined {
  return URL.canParse(address) ? new URL(address).origin : undefined;
}

function obey(data: unknown, base: URL): void {
  if (typeof data !== "object" || data === null || !("vitrine" in data)) return;
  const command = data as PanelCommand;
  switch (command.vitrine) {
    case "attached":
      hideOverlay();
      return;
    case "go":
      if (isBelow(command.url, base)) location.assign(command.url);
      return;
    case "back":
      history.back();
      return;
    case "forward":
      history.forward();
      return;
    case "reload":
      location.reload();
      return;
    default:
  }
}

/** Behind a path proxy the editor itself has the page's origin, so the path counts as well. */
function isBelow(url: unknown, base: URL): boolean {
  if (typeof url !== "string" || !URL.canParse(url, location.href)) return false;
  const target = new URL(url, location.href);
  return (
    target.protocol === base.protocol &&
    target.origin === base.origin &&
    target.pathname.startsWith(base.pathname)
  );
}

let overlayIsHidden = false;

/** A constructed style sheet, because a content policy may refuse style elements. */
function hideOverlay(): void {
  if (overlayIsHidden) return;
  overlayIsHidden = true;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("vite-error-overlay { display: none !important }");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
