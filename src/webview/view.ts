/** State to DOM: the toolbar, the page, what lies over it and what stands below. */
import type { FromPanel, PageMoved, ToPanel } from "../protocol/panel.ts";
import type { Bridge } from "./bridge.ts";
import { createCover, createStatus, type CoverView, type StatusView } from "./cover.ts";
import { element } from "./elements.ts";
import { Frame } from "./frame.ts";
import { coverOf, openingCover, statusOf, type Shown } from "./model.ts";
import { createToolbar, type Toolbar } from "./toolbar.ts";

const longestTitle = 500;
const tickMs = 1000;

export class PanelView {
  readonly #bridge: Bridge;
  readonly #frame: Frame;
  readonly #toolbar: Toolbar;
  readonly #cover: CoverView;
  readonly #status: StatusView;
  readonly #banner = element("div", { class: "banner", role: "status" });
  #shown: Shown | undefined;
  #root = "";
  #route = "/";
  /** When the state now shown began, by this window's own clock. */
  #since = performance.now();
  #stateKey = "";
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Builds the panel inside `parent`. */
  constructor(parent: HTMLElement, bridge: Bridge) {
    const send = (message: FromPanel): void => bridge.send(message);
    this.#bridge = bridge;
    this.#frame = new Frame(bridge);
    this.#toolbar = createToolbar({
      go: (route) => this.#frame.go(route),
      act: (action) => this.#frame.act(action),
      send,
    });
    this.#cover = createCover(send);
    this.#status = createStatus(send);
    this.#banner.hidden = true;
    const stage = element("main", { class: "stage" }, this.#frame.element, this.#cover.element);
    parent.append(this.#toolbar.element, this.#banner, stage, this.#status.element);
    this.#renderCover();
  }

  fromHost(message: ToPanel): void {
    if (message.type === "act") return this.#frame.act(message.action);
    if (message.type !== "go") return this.#show(message);
    this.#setRoute(message.route);
    this.#frame.go(message.route);
  }

  fromPage(message: PageMoved): void {
    const route = this.#frame.moved(message);
    if (route === undefined) return;
    this.#setRoute(route);
    this.#bridge.send({ type: "moved", route, title: message.title.slice(0, longestTitle) });
  }

  #show(message: Shown): void {
    this.#shown = message;
    const key = keyOf(message);
    if (key !== this.#stateKey) this.#since = performance.now();
    this.#stateKey = key;
    if (message.type === "session") this.#showSession(message);
    this.#banner.hidden = message.type !== "session" || message.banner === "";
    this.#banner.textContent = message.type === "session" ? message.banner : "";
    this.#status.render(statusOf(message));
    this.#renderCover();
  }

  #showSession({ session }: Extract<Shown, { type: "session" }>): void {
    const { project, state, outsideUrl } = session;
    this.#root = project.root;
    this.#toolbar.setName(project.name);
    this.#bridge.keep({ root: this.#root, route: this.#route });
    if (state.name === "live") this.#frame.live(outsideUrl, project.name);
    else this.#frame.lost();
  }

  #setRoute(route: string): void {
    this.#route = route;
    this.#toolbar.setRoute(route);
    if (this.#root !== "") this.#bridge.keep({ root: this.#root, route });
  }

  #renderCover(): void {
    const elapsed = performance.now() - this.#since;
    const next = this.#shown ? coverOf(this.#shown, elapsed, Date.now()) : openingCover(elapsed);
    this.#cover.render(next, this.#frame.hasPage);
    // Seconds are only counted while they are shown.
    const counts = next?.kind === "starting" || next?.kind === "restarting";
    if (counts) this.#timer ??= setInterval(() => this.#renderCover(), tickMs);
    else this.#timer = void clearInterval(this.#timer);
  }
}

/** The same key = the same state still goes on: its seconds are not counted anew. */
function keyOf(shown: Shown): string {
  if (shown.type === "notice") return shown.kind;
  const { state } = shown.session;
  return "since" in state ? `${state.name} ${state.since}` : state.name;
}
