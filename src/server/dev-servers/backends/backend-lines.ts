/** What is said in the log of a back end. Pure. */
import type { DevServerLine } from "../../../protocol/dev-server.ts";
import { buildSource, programName, type BackendLine } from "../builds/build-output.ts";
import type { CommandLine } from "../commands/command.ts";
import { cutLine } from "../line-reader.ts";
import { levelOf } from "../log-level.ts";
import type { BackendConfig } from "../project-config.ts";

/** A line that the back end printed. */
export function processLine({ raw, text }: CommandLine): BackendLine {
  const message = cutLine(text);
  return { source: "backend", level: levelOf(message), message, raw: cutLine(raw) };
}

/** A line about its sources. */
export function sourceLine(
  config: BackendConfig,
  level: DevServerLine["level"],
  message: string,
): BackendLine {
  return {
    source: buildSource(programName(config.build?.command), "watch"),
    level,
    message,
    raw: message,
  };
}

/** A line about what became of a build. */
export function managerLine(level: DevServerLine["level"], message: string): BackendLine {
  return { source: "manager", level, message, raw: message };
}

/** What a person reads first of a list of errors. */
export function firstLine(message = ""): string {
  return message.split("\n", 1)[0]?.trim() ?? "";
}
