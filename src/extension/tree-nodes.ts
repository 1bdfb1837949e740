/** Pure: the lines of the tree, what stands below what, and what each says. */
import type { Log, Project, Realm, Repl, Session } from "../protocol/model.ts";
import { logRow, logsBelow, logsRow } from "./logs/log-rows.ts";
import { projectRow, realmRow, type Row, type Translate } from "./tree-texts.ts";

export type TreeNode =
  | { readonly kind: "project"; readonly id: string; readonly root: string }
  | { readonly kind: "realm"; readonly id: string; readonly root: string; readonly realm: string }
  | { readonly kind: "logs"; readonly id: string; readonly root: string }
  | { readonly kind: "log"; readonly id: string; readonly root: string; readonly log: string };

/** What the tree is a function of. */
export interface TreeFacts {
  readonly projects: readonly Project[] | undefined;
  readonly repls: readonly Repl[];
  sessionOf(root: string): Session | undefined;
}

/** The lines below a line, or at the top. Their ids tell them apart, and stay. */
export function nodesBelow(facts: TreeFacts, parent?: TreeNode): TreeNode[] {
  if (!parent) {
    return [
      ...(facts.projects ?? []).map(({ root }) => ({ kind: "project" as const, id: root, root })),
      ...facts.repls.map(({ root }) => ({ kind: "logs" as const, id: `logs\n${root}`, root })),
    ];
  }
  const { root } = parent;
  if (parent.kind === "project") {
    return (facts.sessionOf(root)?.realms ?? []).map(({ id }) => ({
      kind: "realm",
      id: `${root}\n${id}`,
      root,
      realm: id,
    }));
  }
  const repl = facts.repls.find((each) => each.root === root);
  if (!repl || parent.kind === "realm") return [];
  const logs = parent.kind === "log" ? logsBelow(repl, parent.log) : logsBelow(repl);
  return logs.map(({ name }) => ({ kind: "log", id: `log\n${root}\n${name}`, root, log: name }));
}

/** The id of the line above a line; undefined at the top. */
export function parentId(facts: TreeFacts, node: TreeNode): string | undefined {
  if (node.kind === "realm") return node.root;
  if (node.kind !== "log") return undefined;
  const { logs } = facts.repls.find(({ root }) => root === node.root) ?? { logs: [] };
  const parent = logs.find(({ name }) => name === node.log)?.parent;
  const isLog =
    parent !== undefined && parent !== node.log && logs.some(({ name }) => name === parent);
  return isLog ? `log\n${node.root}\n${parent}` : `logs\n${node.root}`;
}

/** What a line says; undefined when what it stands for is gone. */
export function rowOf(
  facts: TreeFacts,
  node: TreeNode,
  { t, clock }: { t: Translate; clock: (at: number) => string },
): Row | undefined {
  const session = facts.sessionOf(node.root);
  if (node.kind === "project") {
    const project = facts.projects?.find(({ root }) => root === node.root);
    return project && projectRow(project, session, t);
  }
  if (node.kind === "realm") {
    const realm: Realm | undefined = session?.realms.find(({ id }) => id === node.realm);
    return realm && realmRow(realm, session, t);
  }
  const repl = facts.repls.find(({ root }) => root === node.root);
  if (node.kind === "logs") return repl && logsRow(repl, facts.repls.length === 1, t);
  const log: Log | undefined = repl?.logs.find(({ name }) => name === node.log);
  return log && logRow(log, t, clock);
}
