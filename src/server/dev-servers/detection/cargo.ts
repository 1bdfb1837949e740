/** Cargo packages and workspaces. */
import path from "node:path";
import { usualFor } from "../config/tools.ts";
import type { BackendConfig } from "../project-config.ts";
import { buildOnly } from "./detected.ts";
import { isFile } from "./search.ts";

export async function cargoAt(root: string): Promise<BackendConfig | undefined> {
  if (!(await isFile(path.join(root, "Cargo.toml")))) return undefined;
  const command = ["cargo", "build", "--message-format=json"];
  return buildOnly(root, command, usualFor(command));
}
