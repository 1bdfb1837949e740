/** Rows as items of VS Code's tree. */
import * as vscode from "vscode";
import type { Row } from "./tree-texts.ts";

export interface ItemOptions {
  /** Stable, and of its own for each line. */
  readonly id: string;
  readonly row: Row;
  readonly isFoldable: boolean;
  /** What a click does. */
  readonly command?: vscode.Command | undefined;
}

export function toItem({ id, row, isFoldable, command }: ItemOptions): vscode.TreeItem {
  const item = new vscode.TreeItem(
    row.label,
    isFoldable ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.None,
  );
  // VS Code keeps a line folded as it first was; a new id lets the first line below it show itself.
  item.id = isFoldable ? `${id}\nopen` : id;
  item.description = row.description;
  item.iconPath = new vscode.ThemeIcon(
    row.icon,
    row.color === undefined ? undefined : new vscode.ThemeColor(row.color),
  );
  item.contextValue = row.contextValue;
  item.accessibilityInformation = { label: row.spoken };
  if (command) item.command = command;
  return item;
}

/** Nothing from outside becomes Markdown (W-06). */
export function toTooltip(row: Row): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendMarkdown("**").appendText(row.label).appendMarkdown("**\n\n");
  for (const [name, value] of row.facts) {
    if (value === "") continue;
    text.appendMarkdown("- ").appendText(`${name}: ${value}`).appendMarkdown("\n");
  }
  return text;
}
