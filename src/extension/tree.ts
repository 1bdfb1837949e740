/** The view `vitrine.sessions`: projects with what runs of them, and the logs. A change touches one line. */
import * as vscode from "vscode";
import type { Problem } from "../protocol/model.ts";
import type { Mirror } from "./mirror.ts";
import { toPlace } from "./problem-places.ts";
import { toItem, toTooltip } from "./tree-items.ts";
import { nodesBelow, parentId, rowOf, type TreeNode } from "./tree-nodes.ts";
import { errorCount, type Row, type Translate } from "./tree-texts.ts";

const translate: Translate = (text, ...values) => vscode.l10n.t(text, ...values);

/** Registers the view. `used` is called while its content is asked for and nobody has looked for projects yet. */
export function registerTree(mirror: Mirror, used: () => Promise<void>): vscode.Disposable {
  const tree = new SessionTree(mirror, used);
  const view = vscode.window.createTreeView("vitrine.sessions", { treeDataProvider: tree });
  const badge = mirror.onDidChange((part) => {
    if (part !== "sessions" && part !== "devServers") return;
    const value = errorCount(mirror.sessions, mirror.devServers);
    const spoken = value === 1 ? vscode.l10n.t("1 error") : vscode.l10n.t("{0} errors", value);
    view.badge = value === 0 ? undefined : { value, tooltip: spoken };
  });
  return vscode.Disposable.from(tree, view, badge);
}

class SessionTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #mirror: Mirror;
  readonly #used: () => Promise<void>;
  readonly #changed = new vscode.EventEmitter<TreeNode | undefined>();
  readonly #subscription: vscode.Disposable;
  /** One object per line: VS Code knows lines by identity. */
  readonly #nodes = new Map<string, TreeNode>();
  /** What each line said when it was last drawn. */
  readonly #drawn = new Map<string, string>();
  /** Lines that were drawn with something below them. */
  readonly #foldable = new Set<string>();
  /** Ids of the lines at the top when they were last asked for. */
  #top: string | undefined;
  readonly #time = new Intl.DateTimeFormat(vscode.env.language, { timeStyle: "medium" });

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(mirror: Mirror, used: () => Promise<void>) {
    this.#mirror = mirror;
    this.#used = used;
    this.#subscription = vscode.Disposable.from(
      mirror.onDidChange((part) => {
        if (part === "projects") this.#changed.fire(undefined);
        if (part === "sessions" || part === "devServers" || part === "repls")
          this.#refreshChanged();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#changed.fire(undefined)),
    );
  }

  async getChildren(parent?: TreeNode): Promise<TreeNode[]> {
    // Waiting shows VS Code's own progress bar in the view.
    if (!parent && this.#mirror.projects === undefined) await this.#used();
    const nodes = nodesBelow(this.#mirror, parent).map((node) => this.#known(node));
    if (!parent) this.#top = idsOf(nodes);
    return nodes;
  }

  getParent(node: TreeNode): TreeNode | undefined {
    const id = parentId(this.#mirror, node);
    return id === undefined ? undefined : this.#nodes.get(id);
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    const row = this.#row(node) ?? goneRow;
    this.#drawn.set(node.id, this.#fingerprint(node, row));
    const isFoldable = nodesBelow(this.#mirror, node).length > 0;
    if (isFoldable) this.#foldable.add(node.id);
    else this.#foldable.delete(node.id);
    return toItem({ id: node.id, row, isFoldable, command: clickOf(this.#mirror, node) });
  }

  /** Made when somebody rests on a line: the last contact of a log changes all the time. */
  resolveTreeItem(item: vscode.TreeItem, node: TreeNode): vscode.TreeItem {
    const row = this.#row(node);
    if (row) item.tooltip = toTooltip(row);
    return item;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  #known(node: TreeNode): TreeNode {
    const known = this.#nodes.get(node.id);
    if (known) return known;
    this.#nodes.set(node.id, node);
    return node;
  }

  #refreshChanged(): void {
    if (this.#top === undefined) return;
    if (idsOf(nodesBelow(this.#mirror)) !== this.#top) return this.#changed.fire(undefined);
    const redrawn = new Set<TreeNode | undefined>();
    for (const node of this.#nodes.values()) {
      const drawn = this.#drawn.get(node.id);
      const row = this.#row(node);
      // The line above tells that it is gone.
      if (!row) this.#forget(node);
      if (!row || drawn === undefined || drawn === this.#fingerprint(node, row)) continue;
      // A line that can be folded is another line to VS Code (see `toItem`), so the one above has to be drawn.
      const isFoldable = nodesBelow(this.#mirror, node).length > 0;
      redrawn.add(isFoldable === this.#foldable.has(node.id) ? node : this.getParent(node));
    }
    if (redrawn.has(undefined)) return this.#changed.fire(undefined);
    for (const node of redrawn) this.#changed.fire(node);
  }

  #forget({ id }: TreeNode): void {
    this.#nodes.delete(id);
    this.#drawn.delete(id);
    this.#foldable.delete(id);
  }

  /** What is seen of a line, and which lines stand below it; the tooltip is asked for when it is shown. */
  #fingerprint(node: TreeNode, { facts: _tooltip, ...seen }: Row): string {
    return JSON.stringify([seen, idsOf(nodesBelow(this.#mirror, node))]);
  }

  #row(node: TreeNode): Row | undefined {
    const clock = (at: number): string => this.#time.format(at);
    return rowOf(this.#mirror, node, { t: translate, clock });
  }
}

/** A line that is about to go: it is drawn once more, empty, before its parent is. */
const goneRow: Row = {
  label: "",
  description: "",
  icon: "circle-slash",
  contextValue: "gone",
  spoken: "",
  facts: [],
};

function idsOf(nodes: readonly TreeNode[]): string {
  return JSON.stringify(nodes.map(({ id }) => id));
}

function clickOf(mirror: Mirror, node: TreeNode): vscode.Command | undefined {
  switch (node.kind) {
    case "project":
      return mirror.projects?.some(({ id, hasUI }) => hasUI && id === node.project) === true
        ? openPreview(node)
        : undefined;
    case "part":
      return node.part === "ui" ? openPreview(node) : undefined;
    case "log":
      return { command: "vitrine.openLog", title: vscode.l10n.t("Open Log"), arguments: [node] };
    case "buildError":
      return openError(mirror.devServerOf(node.project)?.errors[node.index]);
    case "logs":
    case "realm":
      return undefined;
  }
}

function openPreview(node: TreeNode): vscode.Command {
  const title = vscode.l10n.t("Open Preview");
  return { command: "vitrine.openPreview", title, arguments: [node] };
}

function openError(error: Problem | undefined): vscode.Command | undefined {
  if (!error) return undefined;
  const { line, column } = toPlace(error);
  const selection = new vscode.Range(line, column, line, column);
  return {
    command: "vscode.open",
    title: vscode.l10n.t("Go to Error"),
    arguments: [vscode.Uri.file(error.file), { selection }],
  };
}
