/** The first message to a server, and what of the window it says. */
import * as vscode from "vscode";
import { PROTOCOL_VERSION, type Hello } from "../protocol/contract.ts";
import { stateDirectory } from "./state-directory.ts";

export function helloOf(context: vscode.ExtensionContext, config: Hello["config"]): Hello {
  const { version } = context.extension.packageJSON as { version: string };
  return {
    protocol: PROTOCOL_VERSION,
    version,
    folders: workspaceFolders(),
    trusted: vscode.workspace.isTrusted,
    config,
    stateDirectory: stateDirectory(),
  };
}

/** Absolute paths of the folders on disk. */
export function workspaceFolders(): string[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter(({ uri }) => uri.scheme === "file")
    .map(({ uri }) => uri.fsPath);
}
