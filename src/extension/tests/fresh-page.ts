/** A page of its own for one test run: nothing that the user did in the preview is in it, and it is closed again. */
import * as vscode from "vscode";
import { UserError } from "../../protocol/errors.ts";
import type { Session } from "../../protocol/model.ts";
import type { Mirror } from "../mirror.ts";
import { Panel, panelRoots } from "../panel.ts";

/** Ms until the page has introduced itself; its project may have to start first. */
const arrivalMs = 60_000;
/** Of its own, because a window that is loaded again restores previews only. */
const viewType = "vitrine.freshPage";

export interface FreshPageOptions {
  readonly extensionUri: vscode.Uri;
  readonly log: vscode.LogOutputChannel;
  readonly mirror: Mirror;
  /** Opens the session of the project that contains a folder. */
  readonly open: (folder: string) => Promise<Session>;
}

export interface FreshPage extends vscode.Disposable {
  /** Name of its realm. */
  readonly realm: string;
}

/** Opens a page of the project that contains a folder, beside the editor. @throws UserError when it does not come */
export async function openFreshPage(
  options: FreshPageOptions,
  folder: string,
  token: vscode.CancellationToken,
): Promise<FreshPage> {
  const session = await options.open(folder);
  const { root } = session.project;
  const known = new Set(pagesOf(options.mirror, root));
  const panel = createPanel(options, root);
  const show = (shown: Session): void => {
    panel.showSession(shown, "");
    panel.view.title = vscode.l10n.t("Tests of {0}", shown.project.name);
  };
  show(session);
  const follow = options.mirror.onDidChange((part) => {
    const shown = part === "sessions" ? options.mirror.sessionOf(root) : undefined;
    if (shown) show(shown);
  });
  const dispose = (): void => vscode.Disposable.from(follow, panel.view).dispose();
  try {
    return { realm: await arrival(options.mirror, { session, panel, known, token }), dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

function createPanel({ extensionUri, log }: FreshPageOptions, root: string): Panel {
  const view = vscode.window.createWebviewPanel(
    viewType,
    vscode.l10n.t("Tests"),
    { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
    { retainContextWhenHidden: true, localResourceRoots: panelRoots(extensionUri) },
  );
  // Nothing that is pressed in it means anything: it is gone in a moment.
  return new Panel({ view, extensionUri, root, route: "/", receive: () => {}, log });
}

interface Awaited {
  readonly session: Session;
  readonly panel: Panel;
  /** Pages that were there before. */
  readonly known: ReadonlySet<string>;
  readonly token: vscode.CancellationToken;
}

/** The name of the page that was not there before. */
function arrival(mirror: Mirror, { session, panel, known, token }: Awaited): Promise<string> {
  const { name, root } = session.project;
  return new Promise((resolve, reject) => {
    const listeners: vscode.Disposable[] = [];
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      vscode.Disposable.from(...listeners).dispose();
      end();
    };
    const fail = (code: "cancelled" | "realm_gone", text: string): void =>
      settle(() => reject(new UserError(code, text)));
    const late = vscode.l10n.t(
      "The page of {0} did not load within {1} s. Look at its preview.",
      name,
      arrivalMs / 1000,
    );
    const timer = setTimeout(() => fail("realm_gone", late), arrivalMs);
    const closed = vscode.l10n.t("The page was closed before its tests ran.");
    const look = (): void => {
      const realm = pagesOf(mirror, root).find((page) => !known.has(page));
      if (realm !== undefined) settle(() => resolve(realm));
    };
    listeners.push(
      panel.view.onDidDispose(() => fail("cancelled", closed)),
      token.onCancellationRequested(() => fail("cancelled", closed)),
      mirror.onDidChange((part) => part === "sessions" && look()),
    );
    if (token.isCancellationRequested) fail("cancelled", closed);
    else look();
  });
}

/** Names of the pages of a project that can be reached. */
function pagesOf(mirror: Mirror, root: string): string[] {
  const realms = mirror.sessionOf(root)?.realms ?? [];
  return realms
    .filter(({ kind, state }) => kind === "page" && state !== "away")
    .map(({ name }) => name);
}
