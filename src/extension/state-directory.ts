/** The per-user state directory shared with the command line (decision 4). */
import { homedir } from "node:os";
import path from "node:path";

/** Absolute path; it need not exist. */
export function stateDirectory(
  platform: NodeJS.Platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
  home: string = homedir(),
): string {
  if (platform === "darwin") return path.join(home, "Library", "Application Support", "vitrine");
  if (platform === "win32")
    return path.join(env["LOCALAPPDATA"] ?? path.join(home, "AppData", "Local"), "vitrine");
  return path.join(env["XDG_STATE_HOME"] ?? path.join(home, ".local", "state"), "vitrine");
}
