/** The page's frame: where it points, who is inside, and whether it came back after its server did. */
import type { PageMoved } from "../protocol/panel.ts";
import type { Bridge } from "./bridge.ts";
import { toAddress, toRoute } from "./routes.ts";
import { t } from "./texts.ts";

/** What a workspace page may do (decision 10): it is the developer's own, trusted code. */
export const frameSandbox =
  "allow-scripts allow-same-origin allow-forms allow-modals allow-popups allow-downloads";
const frameAllow = "clipboard-read; clipboard-write; fullscreen";

/** Vite's own client reloads the page when its server is back; we only step in when it did not. */
const comeBackMs = 1500;

export class Frame {
  readonly element = document.createElement("iframe");
  readonly #bridge: Pick<Bridge, "setPage" | "command">;
  #base: string | undefined;
  #route = "/";
  /** The page told where it is since it was loaded, so it understands commands. */
  #isAttached = false;
  #wasLost = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(bridge: Pick<Bridge, "setPage" | "command">) {
    this.#bridge = bridge;
    this.element.setAttribute("sandbox", frameSandbox);
    this.element.setAttribute("allow", frameAllow);
    this.element.hidden = true;
  }

  /** There is a page to look at, current or not. */
  get hasPage(): boolean {
    return this.#base !== undefined;
  }

  /** The session answers: shows its page, or reloads it after an outage if it does not come back by itself. */
  live(base: string, name: string): void {
    this.element.title = t("Preview of {0}", name);
    if (base !== this.#base) {
      this.#base = base;
      this.#wasLost = false;
      return this.#load();
    }
    if (!this.#wasLost) return;
    this.#wasLost = false;
    this.#isAttached = false;
    this.#timer = setTimeout(() => this.#load(), comeBackMs);
  }

  /** The session does not answer any more; the page stays as it is. */
  lost(): void {
    clearTimeout(this.#timer);
    this.#wasLost = this.hasPage;
  }

  go(route: string): void {
    this.#route = route;
    if (this.#base === undefined) return;
    if (this.#isAttached)
      this.#bridge.command({ vitrine: "go", url: toAddress(this.#base, route) });
    else this.#load();
  }

  act(action: "back" | "forward" | "reload"): void {
    if (this.#isAttached) this.#bridge.command({ vitrine: action });
    else if (action === "reload") this.#load();
  }

  /** The page says where it is. Returns its route; undefined when it names an origin that is not its own. */
  moved(message: PageMoved): string | undefined {
    if (this.#base === undefined || new URL(message.url).origin !== new URL(this.#base).origin)
      return undefined;
    clearTimeout(this.#timer);
    this.#isAttached = true;
    this.#bridge.command({ vitrine: "attached" });
    this.#route = toRoute(this.#base, message.url);
    return this.#route;
  }

  #load(): void {
    if (this.#base === undefined) return;
    clearTimeout(this.#timer);
    this.#isAttached = false;
    this.#bridge.setPage({ frame: this.element, origin: new URL(this.#base).origin });
    this.element.src = toAddress(this.#base, this.#route);
    this.element.hidden = false;
  }
}
