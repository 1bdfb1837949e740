/**
 * `<vitrine-plugin name="id">`: says what is to be said about a plugin, above what is rendered of it. An entry that exports
 * `mount(element)` is rendered by the element itself; it may return what removes it again.
 */
import type { Plugin, PluginView } from "./plugin.ts";

type Mount = (element: HTMLElement) => unknown;

const sheet = `
:host { display: block }
[role] { display: flex; gap: 8px; align-items: baseline; padding: 4px 8px; font: 12px/1.5 system-ui, sans-serif;
  background: #fff4ce; color: #3b2e00; border-bottom: 1px solid #d9b94a }
[role=alert] { background: #fde7e9; color: #5c0011; border-color: #d13438 }
[hidden] { display: none }
span { white-space: pre-wrap; overflow-wrap: anywhere; flex: 1 }
button { font: inherit }
`;

const style = new CSSStyleSheet();
let findPlugin: (id: string) => Plugin | undefined;

/** @param find the plugin of an id; undefined when the page shows none of that name */
export function definePluginElement(find: typeof findPlugin): void {
  findPlugin = find;
  style.replaceSync(sheet);
  customElements.define("vitrine-plugin", PluginElement);
}

class PluginElement extends HTMLElement {
  static readonly observedAttributes = ["name"];
  readonly #notice = document.createElement("div");
  readonly #text = document.createElement("span");
  readonly #button = document.createElement("button");
  #plugin: Plugin | undefined;
  #end: (() => void) | undefined;
  #unmount: (() => void) | undefined;
  #key: number | undefined;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style];
    this.#notice.append(this.#text, this.#button);
    this.#button.addEventListener("click", () => this.#plugin?.act());
    root.append(this.#notice, document.createElement("slot"));
  }

  connectedCallback(): void {
    const id = this.getAttribute("name") ?? "";
    this.#plugin = findPlugin(id);
    if (this.#plugin === undefined) return this.#say("alert", unknownPlugin(id), "");
    this.#end = this.#plugin.subscribe(() => this.#render());
    this.#render();
  }

  disconnectedCallback(): void {
    this.#end?.();
    this.#clear();
  }

  attributeChangedCallback(): void {
    if (!this.isConnected) return;
    this.disconnectedCallback();
    this.connectedCallback();
  }

  #render(): void {
    const view = this.#plugin?.view();
    if (view === undefined) return;
    this.#say(view.state === "failed" ? "alert" : "status", view.message, view.action);
    if (!this.hasAttribute("notice-only")) this.#mount(view);
  }

  #mount({ module, key }: PluginView): void {
    const { mount } = (module ?? {}) as { mount?: Mount };
    if (mount === undefined || this.#key === key) return;
    this.#clear();
    this.#key = key;
    const place = document.createElement("div");
    this.append(place);
    const unmount = mount(place);
    this.#unmount = () => {
      if (typeof unmount === "function") (unmount as () => void)();
      place.remove();
    };
  }

  #clear(): void {
    this.#unmount?.();
    [this.#unmount, this.#key] = [undefined, undefined];
  }

  #say(role: string, message: string, action: string): void {
    this.#notice.setAttribute("role", role);
    this.#notice.hidden = message === "";
    this.#text.textContent = message;
    this.#button.textContent = action;
    this.#button.hidden = action === "";
  }
}

function unknownPlugin(id: string): string {
  return `This page shows no plugin ${JSON.stringify(id)}; add its id to ui.plugins of vitrine.json`;
}
