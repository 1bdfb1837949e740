/** Runs what the Test Explorer selects: asks the server, follows its snapshots, reports them. */
import path from "node:path";
import * as vscode from "vscode";
import type { ServerMethods } from "../../protocol/contract.ts";
import { UserError } from "../../protocol/errors.ts";
import type { TestRun } from "../../protocol/model.ts";
import type { FolderLinks } from "../folder-links.ts";
import type { Mirror } from "../mirror.ts";
import type { Report } from "../report.ts";
import { projectAt } from "../targets.ts";
import type { FreshPage } from "./fresh-page.ts";
import { failureMessage, faultMessage } from "./test-messages.ts";
import type { SelectedRun } from "./test-names.ts";
import { TestReporter } from "./test-reporter.ts";
import type { TestTree } from "./test-tree.ts";

/** Where tests run: `page` and `worker` in the words of the contract, `fresh` in a page that is opened for them. */
export type TestRealm = "page" | "worker" | "fresh";

export interface TestRunsOptions {
  readonly mirror: Mirror;
  readonly use: () => Promise<ServerMethods>;
  readonly links: FolderLinks;
  readonly report: Report;
  /** Opens a page of the project that contains a folder, for one run. */
  readonly openFreshPage: (folder: string, token: vscode.CancellationToken) => Promise<FreshPage>;
}

export interface SelectedTests {
  readonly runs: readonly SelectedRun[];
  readonly tree: (root: string) => TestTree | undefined;
  readonly realm: TestRealm;
}

/** Runs one selection after the other into `shown`, and ends it. Errors end here. */
export async function runTests(
  options: TestRunsOptions,
  { runs, tree, realm }: SelectedTests,
  { shown, token }: { shown: vscode.TestRun; token: vscode.CancellationToken },
): Promise<void> {
  try {
    for (const selected of runs) {
      const its = tree(selected.root);
      if (!its || token.isCancellationRequested) continue;
      const page = realm === "fresh" ? await freshPage(options, selected, token) : undefined;
      try {
        const where = { selected, tree: its, realm: page?.realm ?? realm };
        await runOne(options, where, { shown, token });
      } finally {
        page?.dispose();
      }
    }
  } catch (error) {
    tellFailure(options.report, error, shown);
  } finally {
    shown.end();
  }
}

/** The project of the first file decides, as one page shows one project. */
async function freshPage(
  { mirror, links, openFreshPage }: TestRunsOptions,
  { root, files }: SelectedRun,
  token: vscode.CancellationToken,
): Promise<FreshPage> {
  const folder = await links.learn(root);
  const project = projectAt(mirror.projects ?? [], path.join(folder, files[0] ?? ""));
  return openFreshPage(project?.root ?? folder, token);
}

async function runOne(
  { mirror, use, links }: TestRunsOptions,
  { selected, tree, realm }: { selected: SelectedRun; tree: TestTree; realm: string },
  { shown, token }: { shown: vscode.TestRun; token: vscode.CancellationToken },
): Promise<void> {
  const { files, names } = selected;
  const spelled = (file: string): string => links.shown(file);
  const reporter = new TestReporter({
    shown,
    tree,
    selected,
    failure: (outcome, node) => failureMessage(outcome, node, spelled),
    fault: faultMessage,
  });
  const server = await use();
  const root = await links.learn(selected.root);
  const begun = await server.runTests({ root, realm, files, ...(names ? { names } : {}) });
  reporter.started();
  const log = mirror.logs.find(({ name }) => name === begun.realm);
  shown.appendOutput(
    `${vscode.l10n.t("Running in {0}", begun.realm)}${log ? ` (${vscode.workspace.asRelativePath(log.file)})` : ""}\r\n`,
  );
  const cancel = token.onCancellationRequested(() => void server.cancelTests(begun.id));
  try {
    reporter.finished(await ended(mirror, begun, (run) => reporter.update(run)));
  } finally {
    cancel.dispose();
  }
}

/** Settles with the last snapshot of a run; its first ones may have come before the answer that names it. */
function ended(mirror: Mirror, begun: TestRun, changed: (run: TestRun) => void): Promise<TestRun> {
  return new Promise((resolve) => {
    const look = (): void => {
      const run = mirror.testRun(begun.id) ?? begun;
      if (run.state === "running") return changed(run);
      subscription.dispose();
      resolve(run);
    };
    const subscription = mirror.onDidChange((part) => {
      if (part === "tests") look();
    });
    look();
  });
}

/** Without a page there is one thing to do; anything else is reported as ever. */
function tellFailure(report: Report, error: unknown, shown: vscode.TestRun): void {
  const text = error instanceof Error ? error.message : String(error);
  shown.appendOutput(`${text.replaceAll("\n", "\r\n")}\r\n`);
  if (!(error instanceof UserError && error.code === "realm_gone")) return report.error(error);
  report.ask(text.split("\n", 1)[0] ?? text, {
    [vscode.l10n.t("Open Preview")]: () => vscode.commands.executeCommand("vitrine.openPreview"),
  });
}
