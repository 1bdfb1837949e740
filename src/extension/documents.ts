/** Open Markdown documents: tells the server how they stand, and takes results into them (decision 38). */
import * as vscode from "vscode";
import type { DocumentState, ResultPlacement, ServerMethods } from "../protocol/contract.ts";
import { placed } from "./result-edits.ts";

export class Documents implements vscode.Disposable {
  readonly #server: () => ServerMethods | undefined;
  readonly #subscription: vscode.Disposable;
  /** What the server was last told, by file. */
  readonly #told = new Map<string, DocumentState>();
  /** One result after the other: the next one must see whether the document was clean before the last. */
  #queue: Promise<unknown> = Promise.resolve();

  /** @param server the running server; nothing is started to tell it something. */
  constructor(server: () => ServerMethods | undefined) {
    this.#server = server;
    this.#subscription = vscode.Disposable.from(
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
    const next = this.#queue.then(() => this.#place(placement));
    // A refused result must not hold up the next one; its own caller gets the rejection.
    this.#queue = next.catch(() => {});
    return next;
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #place(placement: ResultPlacement): Promise<boolean> {
    const document = vscode.workspace.textDocuments.find(
      ({ uri, isClosed }) => uri.scheme === "file" && !isClosed && uri.fsPath === placement.file,
    );
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
    const file = document.uri.fsPath;
    if (!server || this.#told.get(file) === state) return;
    if (state === "closed") this.#told.delete(file);
    else this.#told.set(file, state);
    // A server that is gone is told everything again by `reportAll`.
    server.documentChanged(file, state).catch(() => {});
  }
}
