/** Which of the registered tests run: `skip`, `only`, `todo` and the names that were asked for. */
import { joinNames, type Suite, type Test } from "./registry.ts";

export interface PlannedTest {
  readonly test: Test;
  readonly skip: boolean;
  readonly todo: boolean;
}

export interface PlannedSuite {
  readonly suite: Suite;
  readonly items: readonly (PlannedSuite | PlannedTest)[];
  /** Whether any of its tests runs; else its hooks do not, either. */
  readonly runs: boolean;
}

/** Names of tests to run, `suite > name`; a subtest's name also runs the test that it belongs to. */
export type Names = readonly string[] | undefined;

export function planTests(roots: readonly Suite[], names: Names): readonly PlannedSuite[] {
  const anyOnly = roots.some(hasOnly);
  return roots.map((root) => planSuite(root, { names, only: !anyOnly, todo: false }));
}

interface Inherited {
  readonly names: Names;
  /** Whether a test without an `only` of its own runs. */
  readonly only: boolean;
  readonly todo: boolean;
}

function planSuite(suite: Suite, inherited: Inherited): PlannedSuite {
  const items = suite.children.flatMap((child): readonly (PlannedSuite | PlannedTest)[] => {
    const todo = inherited.todo || Boolean(child.options.todo);
    // An `only` further in narrows the one of a suite.
    const only =
      inherited.only ||
      (child.options.only === true && !(child.kind === "suite" && child.children.some(hasOnly)));
    if (child.kind === "suite") return [planSuite(child, { ...inherited, only, todo })];
    if (!isNamed(inherited.names, joinNames(child.suite, child.name))) return [];
    return [{ test: child, skip: Boolean(child.options.skip) || !only, todo }];
  });
  return { suite, items, runs: items.some((item) => ("suite" in item ? item.runs : !item.skip)) };
}

/** Whether a test is wanted, because of its own name, of a test that it is a part of, or of a part of it. */
export function isNamed(names: Names, fullName: string): boolean {
  if (names === undefined) return true;
  return names.some(
    (name) =>
      name === fullName || name.startsWith(`${fullName} > `) || fullName.startsWith(`${name} > `),
  );
}

function hasOnly(node: Suite | Test): boolean {
  return node.options.only === true || (node.kind === "suite" && node.children.some(hasOnly));
}
