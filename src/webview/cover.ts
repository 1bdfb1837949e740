/** What lies over the page: a card where there is none, a bar where it stays. Redrawn only when its words change. */
import type { FromPanel } from "../protocol/panel.ts";
import { element, iconButton } from "./elements.ts";
import type { Action, Cover, Status } from "./model.ts";
import { t } from "./texts.ts";

export interface CoverView {
  readonly element: HTMLElement;
  /** @param hasPage the page stays visible, so the cover becomes a bar over it. */
  render(cover: Cover | undefined, hasPage: boolean): void;
}

export function createCover(send: (message: FromPanel) => void): CoverView {
  const root = element("section", { class: "cover", role: "status", "aria-live": "polite" });
  const icon = element("vscode-icon", { size: "24" });
  const title = element("h1");
  const detail = element("p");
  const place = element("p", { class: "place" });
  const actions = element("div", { class: "actions" });
  let words = "";
  let dismissed = "";
  const close = iconButton("close", t("Close"), () => {
    dismissed = words;
    root.hidden = true;
  });
  root.append(icon, element("div", { class: "words" }, title, detail, place), actions, close);
  root.hidden = true;
  let buttons = "";

  return {
    element: root,
    render(cover, hasPage) {
      words = cover?.isDismissable ? JSON.stringify(cover) : "";
      if (words === "") dismissed = "";
      root.hidden = cover === undefined || (words !== "" && words === dismissed);
      if (!cover) return;
      close.hidden = words === "";
      // A stopped or unreachable preview has nothing left to look at behind it.
      root.dataset["form"] =
        hasPage && (cover.kind === "error" || cover.kind === "restarting") ? "bar" : "card";
      root.dataset["kind"] = cover.kind;
      setAttribute(icon, "name", cover.icon);
      icon.toggleAttribute("spin", cover.kind === "starting" || cover.kind === "restarting");
      setText(title, cover.title);
      setText(detail, cover.detail);
      // More than one line is a code frame, whose columns mean something.
      detail.classList.toggle("code", cover.detail.includes("\n"));
      // Buttons keep the focus while seconds count, so they are only made anew when they differ.
      const next = JSON.stringify([cover.place, cover.actions]);
      if (next === buttons) return;
      buttons = next;
      place.replaceChildren(...(cover.place ? [linkTo(cover.place, send)] : []));
      actions.replaceChildren(...cover.actions.map((action) => buttonFor(action, send)));
    },
  };
}

export interface StatusView {
  readonly element: HTMLElement;
  render(status: Status | undefined): void;
}

/** The line below the page, absent while there is nothing to say. */
export function createStatus(send: (message: FromPanel) => void): StatusView {
  const root = element("footer", { class: "status", role: "status" });
  root.hidden = true;
  let shown = "";
  let dismissed = "";
  const close = iconButton("close", t("Close"), () => {
    dismissed = shown;
    root.hidden = true;
  });
  return {
    element: root,
    render(status) {
      const next = JSON.stringify(status ?? null);
      if (next === shown) return;
      shown = next;
      root.hidden = status === undefined || next === dismissed;
      if (!status) return;
      root.dataset["level"] = status.level;
      const icon = element("vscode-icon", {
        name: status.level === "info" ? "info" : status.level,
        size: "14",
      });
      const text = element("span", { class: "text", title: status.text }, status.text);
      root.replaceChildren(
        icon,
        text,
        ...(status.place ? [linkTo(status.place, send)] : []),
        // A note is read once; problems stay until they are gone.
        ...(status.level === "info" ? [close] : []),
      );
    },
  };
}

function linkTo(action: Action, send: (message: FromPanel) => void): HTMLElement {
  // No address: a link of a webview would be opened by VS Code, and this one is answered by the host.
  const link = element("a", { href: "#", class: "link" }, action.label);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    send(action.message);
  });
  return link;
}

function buttonFor(action: Action, send: (message: FromPanel) => void): HTMLElement {
  const button = element("vscode-button", action.primary ? {} : { secondary: "" }, action.label);
  button.addEventListener("click", () => send(action.message));
  return button;
}

function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

function setAttribute(target: HTMLElement, name: string, value: string): void {
  if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}
