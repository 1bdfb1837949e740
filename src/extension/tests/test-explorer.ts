/** The tests of the workspace in VS Code's Test Explorer, run in the page, its worker or a fresh page. */
import path from "node:path";
import * as vscode from "vscode";
import { runContinuously } from "./continuous-runs.ts";
import { TestFiles } from "./test-files.ts";
import { selectRuns, type SelectableNode, type SelectedRun } from "./test-names.ts";
import { runTests, type TestRealm, type TestRunsOptions } from "./test-runs.ts";
import { TestTree } from "./test-tree.ts";

interface Folder {
  readonly tree: TestTree;
  readonly files: TestFiles;
  /** Absent where the workspace has one folder, whose files stand at the top. */
  readonly item: vscode.TestItem | undefined;
}

export function createTestExplorer(options: TestRunsOptions): vscode.Disposable {
  return new TestExplorer(options);
}

class TestExplorer implements vscode.Disposable {
  readonly #options: TestRunsOptions;
  readonly #controller = vscode.tests.createTestController("vitrine.tests", "Vitrine");
  readonly #subscription: vscode.Disposable;
  #folders: readonly Folder[] = [];
  /** The first search; whoever runs everything waits for it. */
  #found: Promise<void> | undefined;

  constructor(options: TestRunsOptions) {
    this.#options = options;
    this.#controller.resolveHandler = async (item) => {
      if (!item) await this.#find();
    };
    this.#controller.refreshHandler = (token) => this.#find(token);
    const profiles = [
      this.#profile(vscode.l10n.t("Run in Page"), "page"),
      this.#profile(vscode.l10n.t("Run in Worker"), "worker"),
      this.#profile(vscode.l10n.t("Run in Fresh Page"), "fresh"),
    ];
    this.#setFolders();
    this.#subscription = vscode.Disposable.from(
      ...profiles,
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#setFolders()),
    );
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const { files } of this.#folders) files.dispose();
    this.#controller.dispose();
  }

  #profile(label: string, realm: TestRealm): vscode.TestRunProfile {
    return this.#controller.createRunProfile(
      label,
      vscode.TestRunProfileKind.Run,
      (request, token) => this.#run(request, realm, token),
      realm === "page",
      undefined,
      true,
    );
  }

  #setFolders(): void {
    for (const { files } of this.#folders) files.dispose();
    const { items } = this.#controller;
    items.replace([]);
    this.#found = undefined;
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(
      ({ uri }) => uri.scheme === "file",
    );
    this.#folders = folders.map(({ uri, name }) => {
      const root = uri.fsPath;
      const item =
        folders.length > 1 ? this.#controller.createTestItem(root, name, uri) : undefined;
      if (item) items.add(item);
      const tree = new TestTree(root, item?.children ?? items, {
        createTestItem: (...args) => this.#controller.createTestItem(...args),
        fileUri: (file) => vscode.Uri.file(file),
        range: (start, end) => new vscode.Range(...start, ...end),
      });
      const { use, links } = this.#options;
      return { tree, files: new TestFiles({ tree, use, links }), item };
    });
  }

  async #find(token?: vscode.CancellationToken): Promise<void> {
    this.#found = Promise.all(this.#folders.map(({ files }) => files.find(token))).then(() => {});
    try {
      await this.#found;
    } catch (error) {
      this.#found = undefined;
      this.#options.report.error(error, { quiet: true });
    }
  }

  async #run(
    request: vscode.TestRunRequest,
    realm: TestRealm,
    token: vscode.CancellationToken,
  ): Promise<void> {
    if (request.include === undefined && !this.#found) await this.#find(token);
    if (!request.continuous) return this.#runOnce(request, realm, token);
    runContinuously({
      roots: [...new Set(this.#selected(request).map(({ root }) => root))],
      run: (changed) => this.#runOnce(request, realm, token, changed),
      token,
    });
  }

  /** @param changed of a continuous run: the files that changed; tests among them are the only ones that run. */
  #runOnce(
    request: vscode.TestRunRequest,
    realm: TestRealm,
    token: vscode.CancellationToken,
    changed?: ReadonlySet<string>,
  ): Promise<void> {
    const runs = narrowed(this.#selected(request), changed);
    const shown = this.#controller.createTestRun(request);
    const tree = (root: string): TestTree | undefined =>
      this.#folders.find((folder) => folder.tree.root === root)?.tree;
    // A run has a token of its own, for the button beside its results.
    const source = new vscode.CancellationTokenSource();
    const cancels = [token, shown.token].map((each) =>
      each.onCancellationRequested(() => source.cancel()),
    );
    return runTests(this.#options, { runs, tree, realm }, { shown, token: source.token }).finally(
      () => vscode.Disposable.from(source, ...cancels).dispose(),
    );
  }

  #selected({ include, exclude }: vscode.TestRunRequest): SelectedRun[] {
    const nodes = include?.map((item) => this.#nodeOf(item)) ?? this.#folders.map(folderNode);
    return selectRuns(
      nodes.filter((node) => node !== undefined),
      new Set((exclude ?? []).map(({ id }) => id)),
    );
  }

  #nodeOf(item: vscode.TestItem): SelectableNode | undefined {
    for (const folder of this.#folders) {
      if (folder.item === item) return folderNode(folder);
      const node = folder.tree.of(item);
      if (node) return node;
    }
    return undefined;
  }
}

function folderNode({ tree }: Folder): SelectableNode {
  const { root, files } = tree;
  return { id: root, kind: "folder", root, file: "", fullName: "", children: files };
}

/** When only test files changed, the others need not run again. */
function narrowed(
  runs: readonly SelectedRun[],
  changed: ReadonlySet<string> | undefined,
): readonly SelectedRun[] {
  if (!changed) return runs;
  const isChanged = (root: string, file: string): boolean => changed.has(path.join(root, file));
  const tests = new Set(
    runs.flatMap(({ root, files }) => files.map((file) => path.join(root, file))),
  );
  if ([...changed].some((file) => !tests.has(file))) return runs;
  return runs
    .map((run) => ({ ...run, files: run.files.filter((file) => isChanged(run.root, file)) }))
    .filter(({ files }) => files.length > 0);
}
