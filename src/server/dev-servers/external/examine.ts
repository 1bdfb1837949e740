/** Reads a `.devinfo` that was found and judges it: what it says, and whether its process lives (dev-servers 6.2). */
import type { DevInfo } from "../../../protocol/dev-server.ts";
import { UserError } from "../../../protocol/errors.ts";
import type { Clock } from "../../clock.ts";
import { lifeOf } from "../../processes.ts";
import { parseDevInfo, type DevInfoRules } from "./dev-info.ts";
import { readDevInfoFile } from "./dev-info-file.ts";

export type Finding =
  | { readonly kind: "missing" }
  /** `text` tells this state of the file from others, also when it could not be read. */
  | { readonly kind: "invalid"; readonly text: string; readonly error: UserError }
  | { readonly kind: "dead"; readonly text: string; readonly info: DevInfo }
  | {
      readonly kind: "alive";
      readonly text: string;
      readonly info: DevInfo;
      readonly start: string | undefined;
    };

/** Ms until a file that is being written is read once more. */
const againMs = 200;

export async function examine(file: string, rules: DevInfoRules, clock: Clock): Promise<Finding> {
  const first = await read(file, rules);
  if (!isTorn(first)) return judge(first);
  await clock.sleep(againMs);
  return judge(await read(file, rules));
}

type Reading = Exclude<Finding, { kind: "dead" | "alive" }> | Read;
interface Read {
  readonly kind: "read";
  readonly text: string;
  readonly info: DevInfo;
}

async function read(file: string, rules: DevInfoRules): Promise<Reading> {
  let text: string | undefined;
  try {
    text = await readDevInfoFile(file);
    if (text === undefined) return { kind: "missing" };
    return { kind: "read", text, info: parseDevInfo(text, rules) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { kind: "invalid", text: text ?? error.message, error };
  }
}

/** Incomplete JSON, and nothing else, may be a matter of time. */
function isTorn(reading: Reading): boolean {
  return reading.kind === "invalid" && reading.error.cause instanceof SyntaxError;
}

async function judge(reading: Reading): Promise<Finding> {
  if (reading.kind !== "read") return reading;
  const { text, info } = reading;
  const { alive, start } = await lifeOf(info.pid, info.procStart);
  return alive ? { kind: "alive", text, info, start } : { kind: "dead", text, info };
}
