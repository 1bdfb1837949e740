/** Keeps the test items of one folder true to its files: found by the server, read here, watched, followed while typed. */
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import type { ServerMethods } from "../../protocol/contract.ts";
import type { FolderLinks } from "../folder-links.ts";
import type { TestTree } from "./test-tree.ts";

/** Each ending by itself: the patterns of the protocol know no alternatives. */
const patterns = ["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"].map(
  (ending) => `**/*.test.${ending}`,
);
const testFile = /\.test\.[cm]?[jt]sx?$/;
const foreign = /(?:^|\/)(?:node_modules|\.git|dist|build|daebug)\//;

const quietMs = 300;
/** Larger files are bundles or data. */
const mostBytes = 1024 * 1024;
/** Files that are read at once. */
const batch = 16;

export interface TestFilesOptions {
  readonly tree: TestTree;
  readonly use: () => Promise<ServerMethods>;
  readonly links: FolderLinks;
}

export class TestFiles implements vscode.Disposable {
  readonly #options: TestFilesOptions;
  readonly #subscription: vscode.Disposable;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(options: TestFilesOptions) {
    this.#options = options;
    const pattern = new vscode.RelativePattern(options.tree.root, "**/*.test.*");
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const read = ({ fsPath }: vscode.Uri): void => this.#later(fsPath, () => this.#read(fsPath));
    this.#subscription = vscode.Disposable.from(
      watcher,
      watcher.onDidCreate(read),
      watcher.onDidChange(read),
      watcher.onDidDelete(({ fsPath }) => this.#remove(fsPath)),
      vscode.workspace.onDidOpenTextDocument((document) => this.#take(document)),
      vscode.workspace.onDidChangeTextDocument(({ document }) =>
        this.#later(document.uri.fsPath, () => this.#take(document)),
      ),
    );
    for (const document of vscode.workspace.textDocuments) this.#take(document);
  }

  /** Looks for the test files of the folder and reads them. */
  async find(token?: vscode.CancellationToken): Promise<void> {
    const { tree, use, links } = this.#options;
    const server = await use();
    const found = await server.findTests(await links.learn(tree.root), patterns);
    for (let from = 0; from < found.length; from += batch) {
      if (token?.isCancellationRequested) return;
      const files = found.slice(from, from + batch).map((address) => path.join(tree.root, address));
      await Promise.all(files.map((file) => this.#read(file)));
    }
    tree.keep(new Set(found));
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** What the editor holds is newer than what the disk has. */
  #take(document: vscode.TextDocument): void {
    if (document.uri.scheme !== "file" || document.isClosed) return;
    const address = this.#address(document.uri.fsPath);
    if (address !== undefined) this.#options.tree.update(address, document.getText());
  }

  async #read(file: string): Promise<void> {
    const address = this.#address(file);
    if (address === undefined) return;
    const open = vscode.workspace.textDocuments.find(({ uri }) => uri.fsPath === file);
    if (open) return this.#take(open);
    try {
      if ((await stat(file)).size > mostBytes) return;
      this.#options.tree.update(address, await readFile(file, "utf8"));
    } catch {
      // It went between the event and the look.
      this.#options.tree.remove(address);
    }
  }

  #remove(file: string): void {
    const address = this.#address(file);
    if (address !== undefined) this.#options.tree.remove(address);
  }

  /** The address of a test file below the root; undefined for every other file. */
  #address(file: string): string | undefined {
    const below = path.relative(this.#options.tree.root, file).replaceAll(path.sep, "/");
    if (below.startsWith("..") || path.isAbsolute(below)) return undefined;
    return testFile.test(below) && !foreign.test(below) ? `/${below}` : undefined;
  }

  #later(file: string, act: () => unknown): void {
    if (this.#address(file) === undefined) return;
    clearTimeout(this.#timers.get(file));
    const timer = setTimeout(() => {
      this.#timers.delete(file);
      void act();
    }, quietMs);
    this.#timers.set(file, timer);
  }
}
