/** The only reader of settings. Defaults live in package.json and nowhere else. */
import * as vscode from "vscode";
import type { Config, DevServerSettings } from "../protocol/contract.ts";
import type { Streaming } from "../protocol/packs.ts";
import { clamp, parsePortRange, texts } from "./config-values.ts";
import { contributedMatchers } from "./problem-matchers.ts";

export type OpenIn = "panel" | "integratedBrowser" | "externalBrowser";

/** What the host needs besides what the server gets. */
export interface HostConfig {
  readonly server: Config;
  readonly openIn: OpenIn;
  readonly codeLens: boolean;
}

const longestRunTimeoutSeconds = 86_400;
const mostBuilds = 16;
const mostRunning = 100;
const longestIdleMinutes = 1440;

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
      devServers: devServers(settings),
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

/** Calls back when other extensions came or went, and with them their problem matchers. */
export function onDidChangeExtensions(listener: (config: HostConfig) => void): vscode.Disposable {
  return vscode.extensions.onDidChange(() => listener(readConfig()));
}

function devServers(settings: vscode.WorkspaceConfiguration): DevServerSettings {
  const get = (name: string): unknown => settings.get(`devServers.${name}`);
  const onConflict = get("onConflict");
  return Object.freeze({
    projects: get("projects"),
    devinfo: texts(get("devinfo")),
    onConflict:
      onConflict === "preferExternal" || onConflict === "preferManaged" ? onConflict : "ask",
    allowedHosts: texts(get("allowedHosts")),
    maxConcurrentBuilds: Math.round(clamp(get("maxConcurrentBuilds"), 1, mostBuilds)),
    maxRunning: Math.round(clamp(get("maxRunning"), 1, mostRunning)),
    idleStop: clamp(get("idleStop"), 0, longestIdleMinutes) * 60_000,
    isolation: get("isolation") === "shared" ? "shared" : "process",
    problemMatchers: contributedMatchers(vscode.extensions.all.map(manifestOf)),
  });
}

/** What another extension contributes, without activating it. Our own matchers are the server's already. */
function manifestOf({ id, packageJSON }: vscode.Extension<unknown>): unknown {
  return id === "vitrine.vitrine"
    ? undefined
    : (packageJSON as { contributes?: unknown }).contributes;
}

function streaming(value: unknown): Streaming {
  return value === "scripts" || value === "off" ? value : "auto";
}

function openIn(value: unknown): OpenIn {
  return value === "integratedBrowser" || value === "externalBrowser" ? value : "panel";
}
