/** The only reader of settings. Defaults live in package.json and nowhere else. */
import * as vscode from "vscode";
import type { Config } from "../protocol/contract.ts";
import type { Streaming } from "../protocol/packs.ts";
import { clamp, parsePortRange } from "./config-values.ts";

export type OpenIn = "panel" | "integratedBrowser" | "externalBrowser";

/** What the host needs besides what the server gets. */
export interface HostConfig {
  readonly server: Config;
  readonly openIn: OpenIn;
  readonly codeLens: boolean;
}

const longestRunTimeoutSeconds = 86_400;

/** All settings, resolved and frozen. */
export function readConfig(): HostConfig {
  const settings = vscode.workspace.getConfiguration("vitrine");
  const fallback = settings.inspect<string>("portRange")?.defaultValue ?? "";
  const portRange = parsePortRange(settings.get("portRange")) ?? parsePortRange(fallback);
  if (!portRange)
    throw new Error(`package.json has no valid default for vitrine.portRange: ${fallback}`);
  const seconds = clamp(settings.get("runTimeout"), 0, longestRunTimeoutSeconds);
  return Object.freeze({
    server: Object.freeze({
      results: settings.get("results") === "editor" ? "editor" : "file",
      portRange,
      warmStart: settings.get("warmStart") === true,
      streaming: streaming(settings.get("modules.streaming")),
      runTimeout: seconds * 1000,
    }),
    openIn: openIn(settings.get("openIn")),
    codeLens: settings.get("codeLens") !== false,
  });
}

/** Calls back with the settings whenever one of ours changed. */
export function onDidChangeConfig(listener: (config: HostConfig) => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration("vitrine")) listener(readConfig());
  });
}

function streaming(value: unknown): Streaming {
  return value === "scripts" || value === "off" ? value : "auto";
}

function openIn(value: unknown): OpenIn {
  return value === "integratedBrowser" || value === "externalBrowser" ? value : "panel";
}
