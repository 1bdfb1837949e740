/** The row above the page: back, forward, reload, address, open elsewhere, more. */
import type { FromPanel } from "../protocol/panel.ts";
import { element, iconButton } from "./elements.ts";
import { t } from "./texts.ts";

export interface ToolbarActions {
  go(route: string): void;
  act(action: "back" | "forward" | "reload"): void;
  send(message: FromPanel): void;
}

export interface Toolbar {
  readonly element: HTMLElement;
  setName(name: string): void;
  /** Shows where the page is, unless the user is typing there. */
  setRoute(route: string): void;
}

type MenuElement = HTMLElement & { show: boolean; data: readonly object[] };
type FieldElement = HTMLElement & { value: string };

export function createToolbar(actions: ToolbarActions): Toolbar {
  const name = element("span", { class: "name" });
  const { field, setRoute } = createAddress(actions);
  const bar = element(
    "header",
    { class: "toolbar", role: "toolbar", "aria-label": t("Preview") },
    iconButton("arrow-left", t("Back"), () => actions.act("back")),
    iconButton("arrow-right", t("Forward"), () => actions.act("forward")),
    iconButton("refresh", t("Reload"), () => actions.act("reload")),
    element("span", { class: "address" }, name, field),
    iconButton("link-external", t("Open in Browser"), () => actions.send({ type: "openExternal" })),
    iconButton("inspect", t("Open Developer Tools"), () => actions.send({ type: "openDevTools" })),
    ...createMenu(actions),
  );
  return {
    element: bar,
    setName: (text) => {
      name.textContent = text;
      name.title = text;
    },
    setRoute,
  };
}

function createAddress(actions: ToolbarActions): {
  field: FieldElement;
  setRoute: (route: string) => void;
} {
  const label = t("Route of the page");
  const field = element("vscode-textfield", {
    label,
    "aria-label": label,
    title: label,
    class: "route",
  }) as FieldElement;
  let route = "/";
  let isTyping = false;
  field.value = route;
  field.addEventListener("input", () => {
    isTyping = true;
  });
  field.addEventListener("blur", () => {
    isTyping = false;
    field.value = route;
  });
  field.addEventListener("keydown", (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      isTyping = false;
      field.value = route;
    }
    if (event.key !== "Enter") return;
    isTyping = false;
    route = `/${field.value.trim().replace(/^\/+/, "")}`;
    actions.go(route);
  });
  return {
    field,
    setRoute(next) {
      route = next;
      if (!isTyping) field.value = next;
    },
  };
}

function createMenu(actions: ToolbarActions): HTMLElement[] {
  const menu = element("vscode-context-menu", { class: "menu" }) as MenuElement;
  const messages: Readonly<Record<string, FromPanel>> = {
    restart: { type: "restart" },
    showLog: { type: "showLog" },
    openExternal: { type: "openExternal" },
    openDevTools: { type: "openDevTools" },
  };
  menu.data = [
    { label: t("Restart Session"), value: "restart" },
    { label: t("Show Log"), value: "showLog" },
    { separator: true },
    { label: t("Open in Browser"), value: "openExternal" },
    { label: t("Open Developer Tools"), value: "openDevTools" },
  ];
  const more = iconButton("ellipsis", t("More Actions"), () => {
    menu.show = !menu.show;
  });
  more.setAttribute("aria-haspopup", "menu");
  menu.addEventListener("vsc-context-menu-select", (event) => {
    const { value } = (event as CustomEvent<{ value: string }>).detail;
    const message = Object.hasOwn(messages, value) ? messages[value] : undefined;
    if (message) actions.send(message);
    more.focus();
  });
  // A click into the page reaches its frame only; losing the window's focus is how this document hears of it.
  window.addEventListener("blur", () => {
    menu.show = false;
  });
  return [more, menu];
}
