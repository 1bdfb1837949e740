/** Which of the three serves a session. */
import type { UiConfig } from "../../dev-servers/project-config.ts";
import { AttachedUi, type AttachedServer } from "./attached-ui.ts";
import { CommandUi } from "./command-ui.ts";
import type { UiParts, UiServer } from "./ui-server.ts";
import { ViteUi } from "./vite-ui.ts";

/** What the choice depends on. */
export interface UiChoice {
  /** A process outside goes before everything that could be started here. */
  readonly attached?: AttachedServer;
  /** Of the project; absent when it has no configuration. */
  readonly config?: UiConfig;
}

export function choiceOf(
  attached: AttachedServer | undefined,
  config: UiConfig | undefined,
): UiChoice {
  return {
    ...(attached === undefined ? {} : { attached }),
    ...(config === undefined ? {} : { config }),
  };
}

/** Two choices with one key are served by one server. */
export function keyOf({ attached, config }: UiChoice): string {
  if (attached !== undefined) return "attached";
  const { runner, command, install } = config ?? {};
  return JSON.stringify(runner === "command" ? [command, install] : ["vite", install]);
}

export function createUi({ attached, config }: UiChoice, parts: UiParts): UiServer {
  if (attached !== undefined) return new AttachedUi(parts, attached);
  if (config?.runner === "command" && config.command !== undefined)
    return new CommandUi(parts, config.command, config.install);
  return new ViteUi(parts, config?.install);
}
