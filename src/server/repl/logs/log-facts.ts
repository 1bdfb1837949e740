/** What others see of a log: clients of the server, and readers of the registry. */
import path from "node:path";
import type { RegistryRow } from "../../../markdown/log/registry.ts";
import type { Log } from "../../../protocol/model.ts";
import type { Instance } from "./instance.ts";

export function toLog(instance: Instance): Log {
  const { key, log, kind, parent, url, state, lastFailed, lastSeen, job } = instance;
  return {
    name: key,
    file: log.file,
    exists: log.exists,
    kind,
    url,
    state,
    lastFailed,
    lastSeen,
    ...(parent === undefined ? {} : { parent }),
    ...(job === undefined
      ? {}
      : { active: { job: job.id, agent: job.agent, since: job.requestedAt, line: 0 } }),
  };
}

export function toRow({ key, log, url, lastSeen, state, lastFailed }: Instance): RegistryRow {
  const words = state === "live" && lastFailed ? "live (last job failed)" : state;
  return { name: key, file: path.basename(log.file), url, lastSeen, state: words };
}
