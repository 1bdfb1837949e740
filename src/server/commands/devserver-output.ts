/** What `vitrine devserver` prints. */
import type { BuildError, DevServerLine, DevServerState } from "../../protocol/dev-server.ts";
import type { Project } from "../../protocol/model.ts";
import { exitCodes, printJson, printLine } from "./output.ts";

interface Form {
  readonly json?: boolean;
}

/** Of one that was never started only these are known. */
type Shown = Pick<DevServerState, "pluginID" | "mode"> & Partial<DevServerState>;

/** @param projects of which those that never ran are shown as well */
export function showStates(
  states: readonly Shown[],
  { json }: Form,
  projects: readonly Project[] = [],
): number {
  const others = projects
    .filter(({ id }) => !states.some(({ pluginID }) => pluginID === id))
    .map(({ id }): Shown => ({ pluginID: id, mode: "idle" }));
  const all = [...states, ...others];
  if (json === true) {
    printJson({ event: "devservers", devservers: all });
    return exitCodes.done;
  }
  if (all.length === 0) printLine("There is no project. Describe one in a vitrine.json");
  const width = Math.max(...all.map(({ pluginID }) => pluginID.length));
  for (const state of all) printLine(stateLine(state, width));
  return exitCodes.done;
}

function stateLine(
  { pluginID, mode, aggregate = "stopped", viteURL, external, lastError }: Shown,
  width: number,
): string {
  const word = mode === "idle" ? "stopped" : aggregate;
  const facts = [viteURL, external ? `process ${external.pid}` : "", lastError];
  return [pluginID.padEnd(width), word.padEnd(10), ...facts.filter(Boolean)].join("  ").trimEnd();
}

export function showLines(lines: readonly DevServerLine[], { json }: Form): number {
  if (json === true) printJson({ event: "logs", lines });
  else
    for (const { timestamp, source, message } of lines)
      printLine(`${timestamp.slice(11, 23)}  ${source.padEnd(8)}  ${message}`);
  return exitCodes.done;
}

export function showErrors(errors: readonly BuildError[], { json }: Form): number {
  if (json === true) {
    printJson({ event: "errors", errors });
    return exitCodes.done;
  }
  if (errors.length === 0) printLine("No errors");
  for (const { file, line, column, severity, message } of errors)
    printLine(`${file}:${line}:${column}  ${severity}  ${message}`);
  return exitCodes.done;
}
