/** Pure: names of tests as a run reports them, and what a selection in the Test Explorer asks to run. */
import type { TestOutcome } from "../../protocol/model.ts";

/** Between the names of suites, and before the name of the test. */
const separator = " > ";

export function fullName(suites: readonly string[], name: string): string {
  return [...suites, name].join(separator);
}

export function fullNameOf({ suite, name }: Pick<TestOutcome, "suite" | "name">): string {
  return suite === null || suite === "" ? name : fullName([suite], name);
}

/** The file that could not be imported, when this is what an outcome says (REPL specification 12.2). */
export function importedFile({ suite, name }: TestOutcome): string | undefined {
  const address = suite === null && name.startsWith("Import: ") ? name.slice(8).trim() : "";
  return address === "" ? undefined : `/${address.replace(/^\//, "")}`;
}

/** One node of the Test Explorer, as far as a selection needs it. */
export interface SelectableNode {
  readonly id: string;
  readonly kind: "folder" | "file" | "suite" | "test";
  readonly root: string;
  /** Address below the root; empty for a folder. */
  readonly file: string;
  /** With its suites; empty for folders and files. */
  readonly fullName: string;
  readonly children: readonly SelectableNode[];
}

/** What one call of the server runs: whole files together, each file that is run in part by itself. */
export interface SelectedRun {
  readonly root: string;
  readonly files: readonly string[];
  /** Absent for all. */
  readonly names?: readonly string[];
}

interface SelectedFile {
  readonly root: string;
  readonly file: string;
  /** Undefined for all. */
  readonly names: Set<string> | undefined;
}

/** The fewest runs that run what is included and not excluded, and nothing else. */
export function selectRuns(
  included: readonly SelectableNode[],
  excluded: ReadonlySet<string>,
): SelectedRun[] {
  const files = new Map<string, SelectedFile>();
  for (const node of included) select(node, excluded, files);
  const runs = new Map<string, SelectedRun>();
  const partial: SelectedRun[] = [];
  for (const { root, file, names } of files.values()) {
    if (names) {
      if (names.size > 0) partial.push({ root, files: [file], names: [...names] });
      continue;
    }
    runs.set(root, { root, files: [...(runs.get(root)?.files ?? []), file] });
  }
  return [...runs.values(), ...partial];
}

function select(
  node: SelectableNode,
  excluded: ReadonlySet<string>,
  files: Map<string, SelectedFile>,
): void {
  if (excluded.has(node.id)) return;
  if (node.kind === "folder") {
    for (const child of node.children) select(child, excluded, files);
    return;
  }
  const { root, file } = node;
  const key = `${root}\n${file}`;
  const known = files.get(key);
  if (known && !known.names) return;
  // Tests that only exist once they run cannot be named: a suite without known tests means its whole file.
  const isWhole =
    (node.kind === "file" && !holdsExcluded(node, excluded)) ||
    (node.kind === "suite" && testsOf(node, new Set()).length === 0);
  if (isWhole) {
    files.set(key, { root, file, names: undefined });
    return;
  }
  const names = testsOf(node, excluded).map((test) => test.fullName);
  files.set(key, { root, file, names: new Set([...(known?.names ?? []), ...names]) });
}

/** The tests at and below a node. */
export function testsOf<Node extends SelectableNode>(
  node: Node,
  excluded: ReadonlySet<string>,
): readonly SelectableNode[] {
  if (excluded.has(node.id)) return [];
  if (node.kind === "test") return [node];
  return node.children.flatMap((child) => testsOf(child, excluded));
}

function holdsExcluded(node: SelectableNode, excluded: ReadonlySet<string>): boolean {
  return node.children.some((child) => excluded.has(child.id) || holdsExcluded(child, excluded));
}
