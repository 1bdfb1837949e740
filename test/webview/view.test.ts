import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Session } from "../../src/protocol/model.ts";
import type { BackEndTrouble, FromPanel, PanelCommand } from "../../src/protocol/panel.ts";
import type { Bridge } from "../../src/webview/bridge.ts";
import { PanelView } from "../../src/webview/view.ts";
import { session } from "../unit/extension/sessions.ts";

let sent: FromPanel[];
let commands: PanelCommand[];
let kept: unknown;
let origin: string | undefined;
let view: PanelView;

const fault = {
  code: "config_failed",
  message: "The config could not be loaded",
  file: "/shop/vite.config.ts",
  line: 12,
  column: 3,
};

beforeEach(() => {
  vi.useFakeTimers();
  document.body.replaceChildren();
  sent = [];
  commands = [];
  const bridge: Bridge = {
    send: (message) => void sent.push(message),
    keep: (state) => {
      kept = state;
    },
    setPage: (page) => {
      origin = page.origin;
    },
    command: (command) => void commands.push(command),
  };
  view = new PanelView(document.body, bridge);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function show(change: Partial<Session> = {}, backEnd?: BackEndTrouble): void {
  const more = backEnd === undefined ? {} : { backEnd };
  view.fromHost({ type: "session", session: session(change), banner: "", ...more });
}
const text = (selector: string): string => document.querySelector(selector)?.textContent ?? "";
const isHidden = (selector: string): boolean =>
  document.querySelector(selector)!.hasAttribute("hidden");
const buttons = (): string[] =>
  [...document.querySelectorAll(".actions vscode-button")].map((each) => each.textContent);
const frame = (): HTMLIFrameElement => document.querySelector("iframe")!;
const press = (label: string): void =>
  document.querySelector<HTMLElement>(`vscode-toolbar-button[label="${label}"]`)!.click();
const movedTo = (url: string): void => view.fromPage({ vitrine: "moved", url, title: "Shop" });

test("a starting session says what it does, seconds after 2 s, and offers the log after 5 s", () => {
  show({ state: { name: "starting", step: "Loading vite.config.ts", since: 1 } });
  expect([text("h1"), text(".words p"), buttons()]).toEqual([
    "Starting shop",
    "Loading vite.config.ts",
    [],
  ]);
  vi.advanceTimersByTime(3000);
  expect(text(".words p")).toBe("Loading vite.config.ts · 3 s");
  vi.advanceTimersByTime(2000);
  expect(buttons()).toEqual(["Show Log"]);
});

test("a live session shows its page in the sandbox of a workspace page, and nothing over it", () => {
  show();
  expect(frame().src).toBe("http://127.0.0.1:15173/");
  expect(frame().getAttribute("sandbox")).toBe(
    "allow-scripts allow-same-origin allow-forms allow-modals allow-popups allow-downloads",
  );
  expect(frame().getAttribute("allow")).toBe("clipboard-read; clipboard-write; fullscreen");
  expect([isHidden(".cover"), isHidden(".status"), origin]).toEqual([
    true,
    true,
    "http://127.0.0.1:15173",
  ]);
});

test("the page is answered each time it says where it is", () => {
  show();
  movedTo("http://127.0.0.1:15173/");
  movedTo("http://127.0.0.1:15173/cart");
  expect(commands).toEqual([{ vitrine: "attached" }, { vitrine: "attached" }]);
});

test("an error leaves the page and stands over it with a link to its place", () => {
  show();
  const before = frame();
  show({ state: { name: "error", fault } });
  expect(document.querySelector<HTMLElement>(".cover")!.dataset["form"]).toBe("bar");
  expect([text("h1"), text(".place a"), buttons()]).toEqual([
    "shop has an error",
    "vite.config.ts:12:3",
    ["Restart", "Show Log"],
  ]);
  expect([frame() === before, frame().hidden, frame().src]).toEqual([
    true,
    false,
    "http://127.0.0.1:15173/",
  ]);
  document.querySelector<HTMLElement>(".place a")!.click();
  expect(sent).toEqual([
    { type: "openProblem", problem: { file: "/shop/vite.config.ts", line: 12, column: 3 } },
  ]);
});

test("an error before there was a page fills the panel", () => {
  show({ state: { name: "error", fault } });
  expect(document.querySelector<HTMLElement>(".cover")!.dataset["form"]).toBe("card");
  expect(frame().hidden).toBe(true);
});

test("a restart is counted down and can be had now, and its button keeps the focus", () => {
  show();
  show({ state: { name: "restarting", fault, at: Date.now() + 4000, attempt: 3 } });
  const button = document.querySelector<HTMLElement>(".actions vscode-button")!;
  expect([text("h1"), button.textContent]).toEqual(["Restarting in 4 s", "Restart Now"]);
  vi.advanceTimersByTime(2000);
  expect(text("h1")).toBe("Restarting in 2 s");
  expect(document.querySelector(".actions vscode-button")).toBe(button);
  button.click();
  expect(sent).toEqual([{ type: "restart" }]);
});

test("after a restart a page that does not come back within 1.5 s is loaded again", () => {
  show();
  movedTo("http://127.0.0.1:15173/cart");
  show({ state: { name: "restarting", fault, at: 0, attempt: 1 } });
  const assigned = vi.spyOn(frame(), "src", "set");
  show({ state: { name: "live", since: 9 } });
  vi.advanceTimersByTime(1400);
  expect(assigned).not.toHaveBeenCalled();
  vi.advanceTimersByTime(200);
  expect(assigned).toHaveBeenCalledExactlyOnceWith("http://127.0.0.1:15173/cart");
});

test("after a restart a page that came back by itself is left alone", () => {
  show();
  show({ state: { name: "restarting", fault, at: 0, attempt: 1 } });
  const assigned = vi.spyOn(frame(), "src", "set");
  show({ state: { name: "live", since: 9 } });
  movedTo("http://127.0.0.1:15173/");
  vi.advanceTimersByTime(5000);
  expect(assigned).not.toHaveBeenCalled();
});

test("a session at another address shows its page there", () => {
  show();
  show({ outsideUrl: "http://127.0.0.1:15180/" });
  expect([frame().src, origin]).toEqual(["http://127.0.0.1:15180/", "http://127.0.0.1:15180"]);
});

test("a stopped session offers to start", () => {
  show({ state: { name: "stopped" } });
  expect([text("h1"), buttons()]).toEqual(["shop is stopped", ["Start"]]);
});

test.each([
  ["untrusted", ["Manage Trust"]],
  ["nothing", ["Try Again"]],
  ["crashed", ["Try Again", "Show Log"]],
] as const)("the notice %s says why there is no page and what can be done", (kind, actions) => {
  view.fromHost({ type: "notice", kind, title: "Title", detail: "Detail" });
  expect([text("h1"), text(".words p"), buttons()]).toEqual(["Title", "Detail", actions]);
});

test("problems of a live page stand in the line below it, errors first", () => {
  const at = { file: "/shop/src/cart.ts", line: 3, column: 1, source: "vite" };
  show({
    problems: [
      { ...at, severity: "warning", message: "slow" },
      { ...at, severity: "error", message: "Unexpected token\nframe" },
    ],
  });
  expect(text(".status .text")).toBe("1 error · 1 warning · Unexpected token");
  expect(text(".status a")).toBe("cart.ts:3:1");
  show();
  expect(isHidden(".status")).toBe(true);
});

/** Of the build of the page. */
const unexpected = {
  file: "/shop/src/cart.ts",
  line: 3,
  column: 1,
  severity: "error",
  message: "Unexpected token",
  source: "vite",
} as const;

test("a build error of a live page stands over it, can be closed, and comes back only as another one", () => {
  show({ problems: [unexpected] });
  expect([text(".cover .words p"), text(".place a"), isHidden(".cover")]).toEqual([
    "Unexpected token",
    "cart.ts:3:1",
    false,
  ]);
  document.querySelector<HTMLElement>('.cover vscode-toolbar-button[label="Close"]')!.click();
  show({ problems: [unexpected], memory: 1 });
  expect(isHidden(".cover")).toBe(true);
  show({ problems: [{ ...unexpected, line: 4 }] });
  expect(isHidden(".cover")).toBe(false);
  show();
  expect(isHidden(".cover")).toBe(true);
});

test("what the build of its back end found stands over the page with its place, until a good build", () => {
  const problem = {
    file: "/shop/pkg/main.go",
    line: 12,
    column: 3,
    severity: "error",
    message: "undefined: x",
    source: "go",
  } as const;
  show();
  const before = frame();
  show({}, { problems: [problem, { ...problem, line: 20 }], fault: "" });
  expect([text("h1"), text(".cover .words p"), text(".place a"), buttons()]).toEqual([
    "The back end of shop could not be built",
    "undefined: x",
    "main.go:12:3",
    ["Show Log", "Restart"],
  ]);
  expect(text(".status .text")).toBe("2 errors · undefined: x");
  expect(document.querySelector<HTMLElement>(".cover")!.dataset["form"]).toBe("bar");
  expect([frame() === before, frame().hidden, frame().src]).toEqual([
    true,
    false,
    "http://127.0.0.1:15173/",
  ]);
  document.querySelector<HTMLElement>(".place a")!.click();
  for (const button of document.querySelectorAll<HTMLElement>(".actions vscode-button"))
    button.click();
  expect(sent).toEqual([
    { type: "openProblem", problem: { file: "/shop/pkg/main.go", line: 12, column: 3 } },
    { type: "showLog" },
    { type: "restart" },
  ]);
  document.querySelector<HTMLElement>('.cover vscode-toolbar-button[label="Close"]')!.click();
  expect(isHidden(".cover")).toBe(true);
  show();
  show({}, { problems: [problem], fault: "" });
  expect(isHidden(".cover")).toBe(false);
  show();
  expect([isHidden(".cover"), isHidden(".status")]).toEqual([true, true]);
});

test("a back end that is gone is said over the page, behind an error of the page's own build", () => {
  show({}, { problems: [], fault: "The back end ended with exit code 3" });
  expect([text("h1"), text(".cover .words p"), text(".place")]).toEqual([
    "The back end of shop failed",
    "The back end ended with exit code 3",
    "",
  ]);
  show({ problems: [unexpected] }, { problems: [], fault: "The back end ended with exit code 3" });
  expect(text("h1")).toBe("The last change could not be built");
});

test("missing packages can be installed from the panel, and the folder opened", () => {
  const message = "The packages of shop are not installed: vite is missing";
  show({
    state: { name: "error", fault: { code: "not_installed", message, install: "npm install" } },
  });
  expect([text(".cover .words p"), buttons()]).toEqual([
    message,
    ["Install Dependencies", "Open Folder", "Show Log"],
  ]);
  for (const button of document.querySelectorAll<HTMLElement>(".actions vscode-button"))
    button.click();
  expect(sent).toEqual([
    { type: "installDependencies" },
    { type: "openFolder" },
    { type: "showLog" },
  ]);
});

test("an error that the page threw is said below it, not over it", () => {
  show({
    problems: [
      {
        file: "/shop/src/cart.ts",
        line: 3,
        column: 1,
        severity: "error",
        message: "boom",
        source: "page",
      },
    ],
  });
  expect([isHidden(".cover"), text(".status .text")]).toEqual([true, "1 error · boom"]);
});

test("a note about the session can be closed and stays closed", () => {
  show({ notices: ["shop has no Vite of its own: Vitrine's serves it"] });
  expect(text(".status .text")).toBe("shop has no Vite of its own: Vitrine's serves it");
  document.querySelector<HTMLElement>('.status vscode-toolbar-button[label="Close"]')!.click();
  show();
  show({ notices: ["shop has no Vite of its own: Vitrine's serves it"] });
  expect(isHidden(".status")).toBe(true);
});

test("where the page is stands in the address, is told to the host and kept", () => {
  show({ outsideUrl: "https://box.example/proxy/15173/" });
  movedTo("https://box.example/proxy/15173/cart?id=3#top");
  expect(sent).toEqual([{ type: "moved", route: "/cart?id=3#top", title: "Shop" }]);
  expect(kept).toEqual({ root: "/projects/shop", route: "/cart?id=3#top" });
  expect((document.querySelector(".route") as HTMLInputElement).value).toBe("/cart?id=3#top");
});

test("a page that claims another origin is not believed", () => {
  show();
  movedTo("https://evil.example/");
  expect(sent).toEqual([]);
});

test("Enter in the address goes there, by the page itself once it is attached", () => {
  show();
  movedTo("http://127.0.0.1:15173/");
  const field = document.querySelector(".route") as HTMLInputElement;
  field.value = "//evil.example";
  field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
  expect(commands.at(-1)).toEqual({ vitrine: "go", url: "http://127.0.0.1:15173/evil.example" });
});

test("what the user types in the address is not overwritten by the page", () => {
  show();
  const field = document.querySelector(".route") as HTMLInputElement;
  field.value = "/che";
  field.dispatchEvent(new Event("input"));
  movedTo("http://127.0.0.1:15173/cart");
  expect(field.value).toBe("/che");
  field.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  expect(field.value).toBe("/cart");
});

test("a restored route is where the page is first loaded", () => {
  view.fromHost({ type: "go", route: "/cart" });
  show();
  expect(frame().src).toBe("http://127.0.0.1:15173/cart");
});

test("back, forward and reload reach an attached page; without one only reload does something", () => {
  show();
  const assigned = vi.spyOn(frame(), "src", "set");
  press("Back");
  press("Reload");
  expect([commands, assigned.mock.calls.length]).toEqual([[], 1]);
  movedTo("http://127.0.0.1:15173/");
  for (const label of ["Back", "Forward", "Reload"]) press(label);
  expect(commands.slice(1)).toEqual([
    { vitrine: "back" },
    { vitrine: "forward" },
    { vitrine: "reload" },
  ]);
});

test("every control has a name for screen readers", () => {
  const nameless = [...document.querySelectorAll("vscode-toolbar-button, vscode-textfield")].filter(
    (each) => !each.getAttribute("label"),
  );
  expect(nameless).toEqual([]);
});

test("names and messages are text, never markup", () => {
  const evil = "<img src=x onerror=alert(1)>";
  show({
    state: { name: "error", fault: { code: "x", message: evil, file: `/a/${evil}`, line: 1 } },
  });
  expect(document.querySelector("img")).toBeNull();
  expect(text(".words p")).toBe(evil);
});
