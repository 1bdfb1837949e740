/** The view `vitrine.sessions`: projects with their sessions, and the realms of each. A change touches one line. */
import * as vscode from "vscode";
import type { Mirror } from "./mirror.ts";
import { errorCount, projectRow, realmRow, type Row, type Translate } from "./tree-texts.ts";

export type TreeNode =
  | { readonly kind: "project"; readonly id: string; readonly root: string }
  | { readonly kind: "realm"; readonly id: string; readonly root: string; readonly realm: string };

const translate: Translate = (text, ...values) => vscode.l10n.t(text, ...values);

/** Registers the view. `used` is called while its content is asked for and nobody has looked for projects yet. */
export function registerTree(mirror: Mirror, used: () => Promise<void>): vscode.Disposable {
  const tree = new SessionTree(mirror, used);
  const view = vscode.window.createTreeView("vitrine.sessions", { treeDataProvider: tree });
  const badge = mirror.onDidChange((part) => {
    if (part !== "sessions") return;
    const value = errorCount(mirror.sessions);
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

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(mirror: Mirror, used: () => Promise<void>) {
    this.#mirror = mirror;
    this.#used = used;
    this.#subscription = vscode.Disposable.from(
      mirror.onDidChange((part) => {
        if (part === "projects") this.#changed.fire(undefined);
        if (part === "sessions") this.#refreshChanged();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#changed.fire(undefined)),
    );
  }

  async getChildren(parent?: TreeNode): Promise<TreeNode[]> {
    if (!parent) {
      // Waiting shows VS Code's own progress bar in the view.
      if (this.#mirror.projects === undefined) await this.#used();
      const projects = this.#mirror.projects ?? [];
      return projects.map(({ root }) => this.#node({ kind: "project", id: root, root }));
    }
    if (parent.kind === "realm") return [];
    const realms = this.#mirror.sessionOf(parent.root)?.realms ?? [];
    return realms.map(({ id }) =>
      this.#node({ kind: "realm", id: `${parent.root}\n${id}`, root: parent.root, realm: id }),
    );
  }

  getParent(node: TreeNode): TreeNode | undefined {
    return node.kind === "realm" ? this.#nodes.get(node.root) : undefined;
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    const row = this.#row(node);
    this.#drawn.set(node.id, this.#fingerprint(node));
    const foldable = this.#isFoldable(node);
    if (foldable) this.#foldable.add(node.id);
    else this.#foldable.delete(node.id);
    return toItem(node, row, foldable);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  #node(node: TreeNode): TreeNode {
    const known = this.#nodes.get(node.id);
    if (known) return known;
    this.#nodes.set(node.id, node);
    return node;
  }

  #refreshChanged(): void {
    const changed = [...this.#nodes.values()].filter((node) => {
      const drawn = this.#drawn.get(node.id);
      return drawn !== undefined && drawn !== this.#fingerprint(node);
    });
    // A line that can be folded is another line to VS Code (see `toItem`), so its parent has to be drawn.
    if (
      changed.some(
        (node) => node.kind === "project" && this.#isFoldable(node) !== this.#foldable.has(node.id),
      )
    ) {
      return this.#changed.fire(undefined);
    }
    for (const node of changed) this.#changed.fire(node);
  }

  #isFoldable(node: TreeNode): boolean {
    return node.kind === "project" && (this.#mirror.sessionOf(node.root)?.realms.length ?? 0) > 0;
  }

  #fingerprint(node: TreeNode): string {
    const realms =
      node.kind === "project"
        ? this.#mirror.sessionOf(node.root)?.realms.map(({ id }) => id)
        : undefined;
    return JSON.stringify([this.#row(node), realms]);
  }

  #row(node: TreeNode): Row {
    const session = this.#mirror.sessionOf(node.root);
    const realm =
      node.kind === "realm" ? session?.realms.find(({ id }) => id === node.realm) : undefined;
    if (realm) return realmRow(realm, session, translate);
    const project = this.#mirror.projects?.find(({ root }) => root === node.root);
    // A line that is about to go: it is drawn once more, empty, before its parent is.
    if (!project || node.kind === "realm") return goneRow;
    return projectRow(project, session, translate);
  }
}

const goneRow: Row = {
  label: "",
  description: "",
  icon: "circle-slash",
  contextValue: "gone",
  spoken: "",
  facts: [],
};

function toItem(node: TreeNode, row: Row, foldable: boolean): vscode.TreeItem {
  const item = new vscode.TreeItem(
    row.label,
    foldable ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.None,
  );
  // VS Code keeps a line folded as it first was; a new id lets the first realm show itself.
  item.id = foldable ? `${node.id}\nopen` : node.id;
  item.description = row.description;
  item.iconPath = new vscode.ThemeIcon(
    row.icon,
    row.color === undefined ? undefined : new vscode.ThemeColor(row.color),
  );
  item.contextValue = row.contextValue;
  item.accessibilityInformation = { label: row.spoken };
  item.tooltip = tooltip(row);
  if (node.kind === "project") {
    item.command = {
      command: "vitrine.openPreview",
      title: vscode.l10n.t("Open Preview"),
      arguments: [node],
    };
  }
  return item;
}

/** Nothing from outside becomes Markdown (W-06). */
function tooltip(row: Row): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendMarkdown("**").appendText(row.label).appendMarkdown("**\n\n");
  for (const [name, value] of row.facts) {
    if (value === "") continue;
    text.appendMarkdown("- ").appendText(`${name}: ${value}`).appendMarkdown("\n");
  }
  return text;
}
