/** Open Markdown documents: tells the server how they stand, and takes results into them (decision 38). */
import * as vscode from "vscode";
import type {
  DirtyDocument,
  DirtyEdit,
  DocumentState,
  ResultPlacement,
  ServerMethods,
} from "../protocol/contract.ts";
import { editDirty, readDirty } from "./dirty-edits.ts";
import type { FolderLinks } from "./folder-links.ts";
import { isReplFile } from "./logs/repl-files.ts";
import { applied, placed } from "./result-edits.ts";
import { Saves } from "./saves.ts";

export class Documents implements vscode.Disposable {
  readonly #server: () => ServerMethods | undefined;
  readonly #links: FolderLinks;
  readonly #saves = new Saves();
  readonly #subscription: vscode.Disposable;
  /** What the server was last told, by file. */
  readonly #told = new Map<string, DocumentState>();
  /** One result after the other: the next one must see whether the document was clean before the last. */
  #queue: Promise<unknown> = Promise.resolve();

  /** @param server the running server; nothing is started to tell it something. */
  constructor(server: () => ServerMethods | undefined, links: FolderLinks) {
    this.#server = server;
    this.#links = links;
    this.#subscription = vscode.Disposable.from(
      this.#saves,
      vscode.workspace.onDidOpenTextDocument((document) => this.#tell(document)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#tell(document)),
      vscode.workspace.onDidSaveTextDocument((document) => this.#tell(document)),
      vscode.workspace.onDidCloseTextDocument((document) => this.#tell(document, "closed")),
    );
  }

  /** Tells a new server about everything that is open. */
  reportAll(): void {
    this.#told.clear();
    for (const document of vscode.workspace.textDocuments) this.#tell(document);
  }

  /** Puts a result into the open document and saves it if it was clean; false when it is not open. */
  placeResult(placement: ResultPlacement): Promise<boolean> {
    return this.#inTurn(() => this.#place(placement));
  }

  /** An open document with unsaved changes, as the editor has it. */
  readDirty(file: string): Promise<DirtyDocument | undefined> {
    return this.#inTurn(async () => {
      await this.#saves.settled(this.#find(file));
      return readDirty(this.#find(file));
    });
  }

  /** Changes an open document without saving it; false when it is no longer at that version. */
  editDirty(edit: DirtyEdit): Promise<boolean> {
    return this.#inTurn(async () => {
      await this.#saves.settled(this.#find(edit.file));
      return editDirty(this.#find(edit.file), edit, (document) => applied(document, [edit]));
    });
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  #inTurn<T>(act: () => T | PromiseLike<T>): Promise<T> {
    const next = this.#queue.then(act);
    // A refused edit must not hold up the next one; its own caller gets the rejection.
    this.#queue = next.catch(() => {});
    return next;
  }

  #find(file: string): vscode.TextDocument | undefined {
    const shown = this.#links.shown(file);
    return vscode.workspace.textDocuments.find(
      ({ uri, isClosed }) =>
        uri.scheme === "file" && !isClosed && (uri.fsPath === file || uri.fsPath === shown),
    );
  }

  async #place(placement: ResultPlacement): Promise<boolean> {
    await this.#saves.settled(this.#find(placement.file));
    const document = this.#find(placement.file);
    if (!document) return false;
    const wasClean = !document.isDirty;
    if (!(await placed(document, placement))) return false;
    if (wasClean && document.isDirty) await document.save();
    return true;
  }

  #tell(
    document: vscode.TextDocument,
    state: DocumentState = document.isDirty ? "dirty" : "clean",
  ): void {
    if (document.languageId !== "markdown" || document.uri.scheme !== "file") return;
    const server = this.#server();
    const { fsPath } = document.uri;
    // A document is known by the path it was run under, a log by the server's own.
    const file = isReplFile(document.uri) ? this.#links.real(fsPath) : fsPath;
    if (!server || this.#told.get(file) === state) return;
    if (state === "closed") this.#told.delete(file);
    else this.#told.set(file, state);
    // A server that is gone is told everything again by `reportAll`.
    server.documentChanged(file, state).catch(() => {});
  }
}
