/**
 * Documents that are being saved. The disk has their text before the extension host hears that they are clean, so
 * whoever follows the disk would take them for dirty.
 */
import * as vscode from "vscode";

/** Ms after which a save that did not end has failed; the document is as dirty as it says then. */
const patienceMs = 1500;

interface Save {
  readonly timer: NodeJS.Timeout;
  /** Who waits for its end. */
  readonly waiting: (() => void)[];
}

export class Saves implements vscode.Disposable {
  /** By the document's URI. */
  readonly #saves = new Map<string, Save>();
  readonly #subscription = vscode.Disposable.from(
    vscode.workspace.onWillSaveTextDocument(({ document }) => this.#begin(document.uri)),
    vscode.workspace.onDidSaveTextDocument(({ uri }) => this.#end(uri.toString())),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#end(uri.toString())),
  );

  /** Settles once no save of the document is under way. */
  async settled(document: vscode.TextDocument | undefined): Promise<void> {
    const save = document && this.#saves.get(document.uri.toString());
    if (save) await new Promise<void>((resolve) => save.waiting.push(resolve));
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const key of this.#saves.keys()) this.#end(key);
  }

  #begin(uri: vscode.Uri): void {
    const key = uri.toString();
    this.#end(key);
    const timer = setTimeout(() => this.#end(key), patienceMs);
    this.#saves.set(key, { timer, waiting: [] });
  }

  #end(key: string): void {
    const save = this.#saves.get(key);
    if (!save) return;
    this.#saves.delete(key);
    clearTimeout(save.timer);
    for (const settle of save.waiting) settle();
  }
}
