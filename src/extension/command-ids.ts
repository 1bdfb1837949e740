/** The commands of package.json, in its order. */
export const commandIds = [
  "vitrine.openPreview",
  "vitrine.openInBrowser",
  "vitrine.reloadPreview",
  "vitrine.restartSession",
  "vitrine.stopSession",
  "vitrine.showSessions",
  "vitrine.showLog",
  "vitrine.runBlock",
  "vitrine.runBlockIn",
  "vitrine.runAllAbove",
  "vitrine.runAll",
  "vitrine.stopRun",
  "vitrine.clearResults",
  "vitrine.startRepl",
  "vitrine.stopRepl",
  "vitrine.openLog",
  "vitrine.openRegistry",
  "vitrine.rerunRequest",
  "vitrine.openDevTools",
  "vitrine.manageTrust",
  "vitrine.restartServer",
  "vitrine.refreshProjects",
  "vitrine.startDevServer",
  "vitrine.stopDevServer",
  "vitrine.restartDevServer",
  "vitrine.rebuildDevServer",
  "vitrine.attachDevServer",
  "vitrine.detachDevServer",
  "vitrine.showDevServerLogs",
  "vitrine.startAllDevServers",
  "vitrine.stopAllDevServers",
  "vitrine.installDependencies",
  "vitrine.openProjectFolder",
] as const;

export type CommandId = (typeof commandIds)[number];

/** The commands about dev servers. */
export type DevServerCommandId = Extract<
  CommandId,
  | `vitrine.${string}DevServer${string}`
  | "vitrine.installDependencies"
  | "vitrine.openProjectFolder"
>;

/** The commands about logs. */
export type ReplCommandId = Extract<
  CommandId,
  `vitrine.${string}Repl` | "vitrine.openLog" | "vitrine.openRegistry" | "vitrine.rerunRequest"
>;

/** What VS Code hands over: a resource, a line of the tree, or the arguments of a lens. */
export type CommandHandler = (...args: unknown[]) => unknown;
