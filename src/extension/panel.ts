/** One webview panel: its document, its policy, its messages. It shows what it is told. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Session } from "../protocol/model.ts";
import type { BackEndTrouble, FromPanel, ToPanel } from "../protocol/panel.ts";
import { originOf } from "./page-address.ts";
import { panelHtml } from "./panel-html.ts";
import { isFromPanel } from "./panel-messages.ts";

export interface PanelOptions {
  readonly view: vscode.WebviewPanel;
  readonly extensionUri: vscode.Uri;
  readonly root: string;
  /** Where the page should be first. */
  readonly route: string;
  readonly receive: (message: FromPanel, panel: Panel) => void;
  readonly log: vscode.LogOutputChannel;
}

/** A webview loads in about 100 ms; a session that is known sooner saves loading it twice, as its policy names the origin. */
const documentDelayMs = 300;

export class Panel {
  readonly #options: PanelOptions;
  readonly #waiting: ToPanel[] = [];
  #ready = false;
  #origin: string | undefined;
  #written = false;
  #shown: ToPanel | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Messages that were refused, for the log. */
  #refused = 0;

  /** Root of the project shown. */
  root: string;
  /** Route of the page as it last reported it. */
  route: string;

  constructor(options: PanelOptions) {
    this.#options = options;
    this.root = options.root;
    this.route = options.route;
    const { view, extensionUri } = options;
    view.webview.options = { enableScripts: true, localResourceRoots: panelRoots(extensionUri) };
    view.iconPath = {
      light: vscode.Uri.joinPath(extensionUri, "media", "panel-light.svg"),
      dark: vscode.Uri.joinPath(extensionUri, "media", "panel-dark.svg"),
    };
    view.webview.onDidReceiveMessage((message: unknown) => this.#receive(message));
    view.onDidDispose(() => clearTimeout(this.#timer));
    this.#timer = setTimeout(() => this.#write(), documentDelayMs);
  }

  get view(): vscode.WebviewPanel {
    return this.#options.view;
  }

  showSession(session: Session, banner: string, backEnd?: BackEndTrouble): void {
    this.root = session.project.root;
    this.view.title = session.project.name;
    const origin = originOf(session.outsideUrl);
    const moved = origin !== undefined && origin !== this.#origin;
    this.#origin = origin ?? this.#origin;
    this.#shown = { type: "session", session, banner, ...(backEnd ? { backEnd } : {}) };
    if (!this.#written || moved) return this.#write();
    this.#post(this.#shown);
  }

  showNotice(notice: Omit<Extract<ToPanel, { type: "notice" }>, "type">): void {
    this.#shown = { type: "notice", ...notice };
    if (!this.#written) return this.#write();
    this.#post(this.#shown);
  }

  go(route: string): void {
    this.#post({ type: "go", route });
  }

  reload(): void {
    this.#post({ type: "act", action: "reload" });
  }

  reveal(): void {
    this.view.reveal(undefined, true);
  }

  /** A new document: the policy changed, or there was none yet. What is shown follows when it says that it is ready. */
  #write(): void {
    clearTimeout(this.#timer);
    this.#written = true;
    this.#ready = false;
    this.#waiting.length = 0;
    const { webview } = this.view;
    const built = vscode.Uri.joinPath(this.#options.extensionUri, "dist", "webview");
    webview.html = panelHtml({
      source: webview.cspSource,
      script: webview.asWebviewUri(vscode.Uri.joinPath(built, "panel.js")).toString(),
      style: webview.asWebviewUri(vscode.Uri.joinPath(built, "panel.css")).toString(),
      nonce: randomBytes(16).toString("base64url"),
      origin: this.#origin,
      texts: vscode.l10n.bundle ?? {},
      language: vscode.env.language,
    });
  }

  #post(message: ToPanel): void {
    // Never awaited: each answer would be a round trip in a remote window. This is VS Code's postMessage, not a window's.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    if (this.#ready) void this.view.webview.postMessage(message);
    else if (message !== this.#shown) this.#waiting.push(message);
  }

  #receive(message: unknown): void {
    if (!isFromPanel(message)) {
      this.#refused += 1;
      // Once, and then at powers of two: a page that floods must not fill the log.
      if ((this.#refused & (this.#refused - 1)) === 0)
        this.#options.log.warn(`panel: ${this.#refused} messages refused`);
      return;
    }
    if (message.type === "ready") return this.#greet();
    if (message.type === "moved") this.route = message.route;
    this.#options.receive(message, this);
  }

  #greet(): void {
    this.#ready = true;
    // The route first, so that the frame's first address is the right one.
    if (this.route !== "/") this.#post({ type: "go", route: this.route });
    if (this.#shown) this.#post(this.#shown);
    for (const message of this.#waiting.splice(0)) this.#post(message);
  }
}

/** W-01: nothing but the built panel and its pictures can be loaded. */
export function panelRoots(extensionUri: vscode.Uri): vscode.Uri[] {
  return [
    vscode.Uri.joinPath(extensionUri, "dist", "webview"),
    vscode.Uri.joinPath(extensionUri, "media"),
  ];
}
