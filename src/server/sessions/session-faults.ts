/** Why a session is not live, in the words a user reads. */
import path from "node:path";
import { fromWire, toWire, UserError } from "../../protocol/errors.ts";
import type { Project, SessionFault } from "../../protocol/model.ts";
import type { TenantExit } from "../vite-host/tenants.ts";
import { startTimeoutMs, type UiExit } from "./ui/ui-server.ts";

export function toFault(error: unknown): SessionFault {
  const known = error instanceof UserError ? error : fromWire(toWire(error));
  const { file, line, column, install } = known.data;
  return {
    code: known.code,
    message: known.message,
    ...(typeof file === "string"
      ? { file, line: Number(line ?? 1), column: Number(column ?? 1) }
      : {}),
    ...(typeof install === "string" ? { install } : {}),
  };
}

export function exitError(project: Project, exit: TenantExit): UserError {
  const how = exit.signal === null ? `with code ${exit.code}` : `by ${exit.signal}`;
  if (exit.hung) return hangError(project, exit);
  if (exit.loadingConfig && project.configFile !== undefined) {
    const name = path.basename(project.configFile);
    return new UserError(
      "config_failed",
      `${name} ended the Vite process ${how} while it was loading. Remove what ends the process there and save; the preview starts by itself`,
      {
        data: { file: project.configFile, line: 1, column: 1 },
      },
    );
  }
  return new UserError("vite_crashed", `The Vite process of ${project.name} ended ${how}.`);
}

/** It kept the process from everything else, and others needed it. */
function hangError(project: Project, { loadingConfig }: TenantExit): UserError {
  if (loadingConfig && project.configFile !== undefined)
    return new UserError(
      "start_timeout",
      `${path.basename(project.configFile)} did not finish loading, and nothing else could be done in the Vite process that others share. Look for something in it that never ends, correct it and save`,
      { data: { file: project.configFile, line: 1, column: 1 } },
    );
  return new UserError(
    "vite_crashed",
    `The Vite process that ${project.name} shared did not answer any more and was ended.`,
  );
}

export function startTimeout(project: Project): UserError {
  const seconds = startTimeoutMs / 1000;
  if (project.configFile === undefined)
    return new UserError(
      "start_timeout",
      `${project.name} did not start within ${seconds} s. Look at the log, then restart it`,
    );
  return new UserError(
    "start_timeout",
    `${path.basename(project.configFile)} did not finish loading within ${seconds} s. Look for something in it that never ends, correct it and save`,
    {
      data: { file: project.configFile, line: 1, column: 1 },
    },
  );
}

export function crashedTooOften({ code, message }: UiExit): SessionFault {
  return {
    code,
    message: `${message} It crashed too often to be restarted. Look at the log, then restart it`,
  };
}

/** It runs, and does not answer; nothing is ended for that. */
export function unresponsive({ name }: Project, serverUrl: string): SessionFault {
  return {
    code: "unresponsive",
    message: `The server of ${name} at ${serverUrl} does not answer any more. Wait until it does, look at its log, or restart it`,
  };
}
