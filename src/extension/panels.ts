/** The set of open panels: one per project, restored after a reload of the window. */
import { realpath } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import { UserError } from "../protocol/errors.ts";
import type { Session } from "../protocol/model.ts";
import type { FromPanel, ToPanel } from "../protocol/panel.ts";
import { backEndTrouble } from "./mirror-facts.ts";
import type { Mirror } from "./mirror.ts";
import { panelViewType } from "./panel-view-type.ts";
import { Panel, panelRoots } from "./panel.ts";
import { toPanelState } from "./panel-messages.ts";
import type { State } from "./state.ts";
import { untrustedSentence } from "./trust.ts";

export interface PanelsOptions {
  readonly context: vscode.ExtensionContext;
  readonly mirror: Mirror;
  readonly state: State;
  readonly log: vscode.LogOutputChannel;
  /** Opens the session of the project at a root; the panel is told what becomes of it. */
  readonly open: (root: string) => Promise<Session>;
  /** What the user asked for in a panel, except for moving about. */
  readonly act: (message: Exclude<FromPanel, { type: "ready" | "moved" }>, root: string) => void;
}

export class Panels implements vscode.Disposable {
  readonly #options: PanelsOptions;
  readonly #panels = new Set<Panel>();
  readonly #subscription: vscode.Disposable;

  constructor(options: PanelsOptions) {
    this.#options = options;
    this.#subscription = options.mirror.onDidChange((part) => {
      if (part === "sessions" || part === "devServers")
        for (const panel of this.#panels) this.#render(panel);
    });
  }

  /** The panel that has the focus. */
  get active(): Panel | undefined {
    return [...this.#panels].find(({ view }) => view.active);
  }

  /** The panel the user looks at, else any. */
  get current(): Panel | undefined {
    const panels = [...this.#panels];
    return this.active ?? panels.find(({ view }) => view.visible) ?? panels[0];
  }

  of(root: string): Panel | undefined {
    return [...this.#panels].find((panel) => panel.root === root);
  }

  /** Shows the panel of a project beside the editor and opens its session. Focus stays in the editor. */
  async show(root: string, name: string): Promise<void> {
    const open = this.of(root);
    open?.reveal();
    const panel = open ?? this.#create(root, name);
    await this.#open(panel);
  }

  /** Brings back a panel of the last window, with session and route. */
  async restore(view: vscode.WebviewPanel, stored: unknown): Promise<void> {
    const state = toPanelState(stored);
    if (!state || !(await isInWorkspace(state.root))) {
      // Nothing of ours: an edited state, or a folder that left the workspace.
      view.dispose();
      return;
    }
    const panel = this.#adopt(view, state.root, state.route);
    if (vscode.workspace.isTrusted) await this.#open(panel);
    else this.#fail(panel, new UserError("not_trusted", untrustedSentence()));
  }

  /** Opens the session of a root again; its panel, if there is one, shows what becomes of it. */
  async reopen(root: string): Promise<void> {
    const panel = this.of(root);
    if (panel) await this.#open(panel);
    else await this.#options.open(root);
  }

  /** Opens the sessions of panels that wait for trust. */
  async trusted(): Promise<void> {
    await Promise.all([...this.#panels].map((panel) => this.#open(panel)));
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const { view } of this.#panels) view.dispose();
  }

  #create(root: string, name: string): Panel {
    const view = vscode.window.createWebviewPanel(
      panelViewType,
      name,
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      {
        enableScripts: true,
        // Without it a change of tabs kills the realm, and it cannot be set later (decision 40).
        retainContextWhenHidden: true,
        enableFindWidget: false,
        localResourceRoots: panelRoots(this.#options.context.extensionUri),
      },
    );
    return this.#adopt(view, root, this.#options.state.route(root));
  }

  #adopt(view: vscode.WebviewPanel, root: string, route: string): Panel {
    const { context, log } = this.#options;
    const receive = (message: FromPanel, from: Panel): void => this.#receive(message, from);
    const panel = new Panel({
      view,
      extensionUri: context.extensionUri,
      root,
      route,
      receive,
      log,
    });
    this.#panels.add(panel);
    view.onDidDispose(() => this.#panels.delete(panel));
    return panel;
  }

  async #open(panel: Panel): Promise<void> {
    try {
      const session = await this.#options.open(panel.root);
      this.#showSession(panel, session);
    } catch (error) {
      this.#fail(panel, error);
      // The panel says it; the log keeps it.
      this.#options.log.warn(error instanceof Error ? error.message : String(error));
    }
  }

  #render(panel: Panel): void {
    const session = this.#options.mirror.sessionOf(panel.root);
    if (session) this.#showSession(panel, session);
  }

  #showSession(panel: Panel, session: Session): void {
    const devServer = this.#options.mirror.devServerOf(session.project.id);
    panel.showSession(session, "", backEndTrouble(devServer));
  }

  #fail(panel: Panel, error: unknown): void {
    if (this.#options.mirror.sessionOf(panel.root)) return this.#render(panel);
    panel.showNotice(noticeOf(error));
  }

  #receive(message: FromPanel, panel: Panel): void {
    if (message.type === "ready") return;
    if (message.type === "moved") return this.#options.state.setRoute(panel.root, message.route);
    this.#options.act(message, panel.root);
  }
}

function noticeOf(error: unknown): Omit<Extract<ToPanel, { type: "notice" }>, "type"> {
  const detail = error instanceof Error ? error.message : String(error);
  const code = error instanceof UserError ? error.code : "internal";
  if (code === "not_trusted")
    return { kind: "untrusted", title: vscode.l10n.t("Restricted Mode"), detail };
  if (code === "not_found" || code === "html_missing") {
    return { kind: "nothing", title: vscode.l10n.t("Nothing to preview"), detail };
  }
  return { kind: "crashed", title: vscode.l10n.t("The preview could not be opened"), detail };
}

/** Roots are real paths; workspace folders may be links. */
async function isInWorkspace(root: string): Promise<boolean> {
  for (const { uri } of vscode.workspace.workspaceFolders ?? []) {
    const folder = await realpath(uri.fsPath).catch(() => uri.fsPath);
    const below = path.relative(folder, root);
    if (below === "" || (!below.startsWith("..") && !path.isAbsolute(below))) return true;
  }
  return false;
}
