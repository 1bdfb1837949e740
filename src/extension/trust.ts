/** Workspace trust (E-01): without it nothing starts, and every command asks here first. */
import * as vscode from "vscode";
import { UserError } from "../protocol/errors.ts";

/** Throws `not_trusted` in Restricted Mode. */
export function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new UserError("not_trusted", untrustedSentence());
}

/** The one sentence that explains what is off. */
export function untrustedSentence(): string {
  return vscode.l10n.t(
    "Previews and runs are off in Restricted Mode. Trust this folder to use them.",
  );
}

/** Opens VS Code's own trust editor. */
export async function manageTrust(): Promise<void> {
  await vscode.commands.executeCommand("workbench.trust.manage");
}
