import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commandIds } from "../../../src/extension/command-ids.ts";
import { panelViewType } from "../../../src/extension/panel-view-type.ts";

const root = new URL("../../../", import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), "utf8");

interface Manifest {
  readonly activationEvents: readonly string[];
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] };
  };
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string }[]>>;
    readonly keybindings: readonly { readonly command: string; readonly when: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, unknown>> };
  };
}
const manifest = JSON.parse(text("package.json")) as Manifest;
const { commands, menus, keybindings, configuration } = manifest.contributes;

test("every declared command has a handler and every handler is declared", () => {
  expect(commands.map(({ command }) => command)).toEqual([...commandIds]);
});

test("menus and keys name only declared commands, and every key says when it holds", () => {
  const named = [...Object.values(menus).flat(), ...keybindings].map(({ command }) => command);
  expect(named.filter((command) => !commandIds.includes(command as never))).toEqual([]);
  expect(keybindings.filter(({ when }) => !when)).toEqual([]);
});

test("the extension wakes up only for Markdown, its commands, its view, its panels and its logs", () => {
  expect(manifest.activationEvents).toEqual([
    "onLanguage:markdown",
    `onWebviewPanel:${panelViewType}`,
    "workspaceContains:daebug.md",
  ]);
});

test("settings that influence what is run cannot come from an untrusted folder", () => {
  const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
  expect(restricted.filter((name) => !(name in configuration.properties))).toEqual([]);
  expect(restricted).toEqual(
    expect.arrayContaining([
      "vitrine.portRange",
      "vitrine.runTimeout",
      "vitrine.openIn",
      ...Object.keys(configuration.properties).filter((name) => name.includes("devServers")),
    ]),
  );
  expect(Object.keys(configuration.properties).length).toBeLessThan(20);
});

test("every text of the manifest is in package.nls.json, and nothing else is", () => {
  const used = new Set([...text("package.json").matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key));
  expect([...used].toSorted()).toEqual(
    Object.keys(JSON.parse(text("package.nls.json")) as object).toSorted(),
  );
});

test("every text of host and panel is in the bundle for translators, and nothing else is", () => {
  const sources = ["src/extension/", "src/webview/"].flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => text(folder + name)),
  );
  // `t("…")` and `vscode.l10n.t("…")`; state names are translated by variable and listed here.
  const literals = sources.flatMap((source) =>
    [...source.matchAll(/\bt\(\s*"((?:[^"\\]|\\.)*)"/g)].map(([, literal]) => literal ?? ""),
  );
  const states =
    "starting live restarting error stopped idle running away executing offline ready building".split(
      " ",
    );
  const bundle = Object.keys(JSON.parse(text("l10n/bundle.l10n.json")) as object);
  expect(bundle.toSorted()).toEqual([...new Set([...literals, ...states])].toSorted());
});
