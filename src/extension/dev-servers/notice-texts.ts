/** Pure: the sentence of a notice, and of what is said in passing. */
import type { DevServerState } from "../../protocol/dev-server.ts";
import type { Translate } from "../tree-texts.ts";
import type { Notice } from "./notices.ts";

export function noticeText({ kind, state }: Notice, t: Translate): string {
  const { name, lastError, conflict, errors } = state;
  switch (kind) {
    case "failed":
      return errors.length > 0 || state.failure === "build_failed"
        ? t("The build of {0} failed: {1}", name, firstLine(errors[0]?.message ?? lastError))
        : t("{0} stopped working: {1}", name, firstLine(lastError));
    case "gaveUp":
      return t(
        "{0} crashed again and again and is not started any more: {1}",
        name,
        firstLine(lastError),
      );
    case "notInstalled":
      // It names the project, and how it is installed by hand.
      return firstLine(lastError);
    case "portsExhausted":
      return t("There is no port left for {0}: {1}", name, firstLine(lastError));
    case "conflict":
      return t(
        "{0} runs here, and process {1} offers itself for it. Attach to that process or keep ours?",
        name,
        conflict?.pid ?? 0,
      );
  }
}

/** What was attached or let go between two lists, a sentence each. */
export function attachmentTexts(
  before: readonly DevServerState[],
  after: readonly DevServerState[],
  t: Translate,
): readonly string[] {
  const [had, has] = [pidsOf(before), pidsOf(after)];
  const names = new Map([...before, ...after].map(({ pluginID, name }) => [pluginID, name]));
  return [...names]
    .filter(([id]) => had.get(id) !== has.get(id))
    .map(([id, name]) => {
      const pid = has.get(id);
      return pid === undefined
        ? t("{0} is no longer attached", name)
        : t("{0} is attached to process {1}", name, pid);
    });
}

function pidsOf(states: readonly DevServerState[]): ReadonlyMap<string, number> {
  return new Map(
    states.flatMap(({ pluginID, external }) => (external ? [[pluginID, external.pid]] : [])),
  );
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
