/** Puts the outcomes of one run of the server into one run of the Test Explorer. */
import type { TestMessage, TestRun as ShownRun } from "vscode";
import type { TestOutcome, TestRun } from "../../protocol/model.ts";
import { duration } from "../lens-texts.ts";
import { plainText } from "../plain-text.ts";
import { fullNameOf, importedFile, type SelectedRun } from "./test-names.ts";
import type { TestNode, TestTree } from "./test-tree.ts";

export interface TestReporterOptions {
  readonly shown: Pick<
    ShownRun,
    "appendOutput" | "errored" | "failed" | "passed" | "skipped" | "started"
  >;
  readonly tree: TestTree;
  readonly selected: SelectedRun;
  /** What a failure says, and where. */
  readonly failure: (outcome: TestOutcome, node: TestNode) => TestMessage;
  /** What is wrong with a file or with the run as a whole. */
  readonly fault: (text: string, node: TestNode) => TestMessage;
}

const signs = { pass: "✓", fail: "✗", skip: "○" } as const;

export class TestReporter {
  readonly #options: TestReporterOptions;
  readonly #requested: readonly TestNode[];
  /** Items that have their result; a failure among tests of one name is not covered up by the next one. */
  readonly #reported = new Map<TestNode, TestOutcome["status"]>();
  #seen = 0;

  constructor(options: TestReporterOptions) {
    this.#options = options;
    const { tree, selected } = options;
    const names = selected.names && new Set(selected.names);
    this.#requested = selected.files
      .flatMap((address) => leaves(tree.file(address)))
      .filter(({ fullName }) => names === undefined || names.has(fullName));
  }

  started(): void {
    for (const { item } of this.#requested) this.#options.shown.started(item);
  }

  /** Reports what is new in a snapshot. */
  update(run: TestRun): void {
    for (const outcome of run.tests.slice(this.#seen)) this.#report(outcome);
    this.#seen = Math.max(this.#seen, run.tests.length);
  }

  /** Reports the last snapshot, and what became of the tests that it does not name. */
  finished(run: TestRun): void {
    this.update(run);
    const { shown, fault, tree, selected } = this.#options;
    if (run.error !== undefined) {
      this.#print(plainText(run.error));
      for (const address of selected.files) {
        const node = tree.file(address);
        if (node && !this.#reported.has(node)) shown.errored(node.item, fault(run.error, node));
      }
    }
    for (const node of this.#requested) if (!this.#reported.has(node)) shown.skipped(node.item);
    const { pass, fail, skip } = run.totals;
    this.#print(`${pass} passed, ${fail} failed, ${skip} skipped in ${duration(run.duration)}`);
  }

  #report(outcome: TestOutcome): void {
    const { shown, failure, fault } = this.#options;
    const imported = importedFile(outcome);
    const node = imported === undefined ? this.#nodeOf(outcome) : this.#options.tree.file(imported);
    this.#print(
      `${signs[outcome.status]} ${plainText(fullNameOf(outcome))} (${duration(outcome.duration)})`,
      node,
    );
    if (outcome.error !== null) this.#print(plainText(outcome.error).replaceAll(/^/gm, "  "), node);
    if (!node || this.#reported.get(node) === "fail") return;
    this.#reported.set(node, outcome.status);
    if (imported !== undefined) shown.errored(node.item, fault(outcome.error ?? "", node));
    else if (outcome.status === "skip") shown.skipped(node.item);
    else if (outcome.status === "pass") shown.passed(node.item, outcome.duration);
    else shown.failed(node.item, failure(outcome, node), outcome.duration);
  }

  /** The item of an outcome; where the runner does not say the file, the one that names the test. */
  #nodeOf(outcome: TestOutcome): TestNode | undefined {
    const { tree, selected } = this.#options;
    const wanted = fullNameOf(outcome);
    const file =
      outcome.file ??
      this.#requested.find(({ fullName }) => fullName === wanted)?.file ??
      selected.files[0];
    return file === undefined ? undefined : tree.test(file, outcome.suite ?? "", outcome.name);
  }

  #print(text: string, node?: TestNode): void {
    // The view is a terminal.
    this.#options.shown.appendOutput(`${text.replaceAll("\n", "\r\n")}\r\n`, undefined, node?.item);
  }
}

function leaves(node: TestNode | undefined): TestNode[] {
  if (!node) return [];
  return node.kind === "test" ? [node] : node.children.flatMap(leaves);
}
