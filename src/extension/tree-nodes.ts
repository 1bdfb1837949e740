/** Pure: the lines of the tree, what stands below what, and what each says. */
import type { DevServerState } from "../protocol/dev-server.ts";
import type { Log, Project, Realm, Repl, Session } from "../protocol/model.ts";
import { buildErrorRow, partRow, partsOf, type Part } from "./dev-servers/part-rows.ts";
import { logRow, logsBelow, logsRow } from "./logs/log-rows.ts";
import { projectRow, realmRow, type Row, type Translate } from "./tree-texts.ts";

/** `root` is that of Vite or of a REPL, `project` the id of a project. */
export type TreeNode =
  | ProjectNode
  | { readonly kind: "realm"; readonly id: string; readonly root: string; readonly realm: string }
  | (Below & { readonly kind: "part"; readonly part: Part })
  | (Below & { readonly kind: "buildError"; readonly index: number })
  | { readonly kind: "logs"; readonly id: string; readonly root: string }
  | { readonly kind: "log"; readonly id: string; readonly root: string; readonly log: string };

interface Below {
  readonly id: string;
  readonly root: string;
  readonly project: string;
}

interface ProjectNode extends Below {
  readonly kind: "project";
}

/** What the tree is a function of. */
export interface TreeFacts {
  readonly projects: readonly Project[] | undefined;
  readonly repls: readonly Repl[];
  sessionOf(root: string): Session | undefined;
  /** @param id of the project */
  devServerOf(id: string): DevServerState | undefined;
}

/** The lines below a line, or at the top. Their ids tell them apart, and stay. */
export function nodesBelow(facts: TreeFacts, parent?: TreeNode): TreeNode[] {
  if (!parent) {
    return [
      ...(facts.projects ?? []).map(toProjectNode),
      ...facts.repls.map(({ root }) => ({ kind: "logs" as const, id: `logs\n${root}`, root })),
    ];
  }
  if (parent.kind === "project") return belowProject(facts, parent);
  if (parent.kind === "part") return belowPart(facts, parent);
  const { root } = parent;
  const repl = facts.repls.find((each) => each.root === root);
  if (!repl || parent.kind === "realm" || parent.kind === "buildError") return [];
  const logs = parent.kind === "log" ? logsBelow(repl, parent.log) : logsBelow(repl);
  return logs.map(({ name }) => ({ kind: "log", id: `log\n${root}\n${name}`, root, log: name }));
}

function toProjectNode({ id, root }: Project): ProjectNode {
  return { kind: "project", id: projectNodeId(id), root, project: id };
}

function projectNodeId(project: string): string {
  return `project\n${project}`;
}

function belowProject(facts: TreeFacts, { root, project }: ProjectNode): TreeNode[] {
  const parts = partsOf(facts.devServerOf(project));
  const hasUI = facts.projects?.find(({ id }) => id === project)?.hasUI ?? false;
  const realms = hasUI ? (facts.sessionOf(root)?.realms ?? []) : [];
  return [
    ...parts.map((part) => ({
      kind: "part" as const,
      id: `${part}\n${project}`,
      root,
      project,
      part,
    })),
    ...realms.map(({ id }) => ({
      kind: "realm" as const,
      id: `${root}\n${id}`,
      root,
      realm: id,
    })),
  ];
}

function belowPart(facts: TreeFacts, { part, root, project }: Below & { part: Part }): TreeNode[] {
  if (part !== "errors") return [];
  return (facts.devServerOf(project)?.errors ?? []).map((_error, index) => ({
    kind: "buildError",
    id: `error\n${project}\n${index}`,
    root,
    project,
    index,
  }));
}

/** The id of the line above a line; undefined at the top. */
export function parentId(facts: TreeFacts, node: TreeNode): string | undefined {
  if (node.kind === "part") return projectNodeId(node.project);
  if (node.kind === "buildError") return `errors\n${node.project}`;
  if (node.kind === "realm") {
    const project = facts.projects?.find(({ root, hasUI }) => hasUI && root === node.root);
    return project && projectNodeId(project.id);
  }
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
  if (node.kind === "project") {
    const project = facts.projects?.find(({ id }) => id === node.project);
    const devServer = facts.devServerOf(node.project);
    const session = project?.hasUI === true ? facts.sessionOf(node.root) : undefined;
    return project && projectRow(project, { session, devServer }, t, clock);
  }
  if (node.kind === "part") {
    const state = facts.devServerOf(node.project);
    return state && partsOf(state).includes(node.part)
      ? partRow(node.part, state, { t, clock })
      : undefined;
  }
  if (node.kind === "buildError") {
    const error = facts.devServerOf(node.project)?.errors[node.index];
    return error && buildErrorRow(error);
  }
  const session = facts.sessionOf(node.root);
  if (node.kind === "realm") {
    const realm: Realm | undefined = session?.realms.find(({ id }) => id === node.realm);
    return realm && realmRow(realm, session, t);
  }
  const repl = facts.repls.find(({ root }) => root === node.root);
  if (node.kind === "logs") return repl && logsRow(repl, facts.repls.length === 1, t);
  const log: Log | undefined = repl?.logs.find(({ name }) => name === node.log);
  return log && logRow(log, t, clock);
}
