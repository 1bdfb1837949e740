/** One log channel for Vitrine, and one per project with what its page, its Vite and its back end say. */
import * as vscode from "vscode";
import type { DevServerLine } from "../protocol/dev-server.ts";
import type { ConsoleEntry, LogEntry, Session } from "../protocol/model.ts";
import { plainText } from "./plain-text.ts";

export class Output implements vscode.Disposable {
  readonly #log: vscode.LogOutputChannel;
  readonly #session: (id: string) => Session | undefined;
  readonly #nameOf: (project: string) => string | undefined;
  readonly #isManaged: (project: string) => boolean;
  /** By name of the project: a session that is opened again goes on in the same channel. */
  readonly #channels = new Map<string, vscode.LogOutputChannel>();

  /** @param find a session by its id, the name of a project by its id, and whether its dev server tells its lines */
  constructor(
    log: vscode.LogOutputChannel,
    find: {
      readonly session: (id: string) => Session | undefined;
      readonly projectName: (id: string) => string | undefined;
      readonly isManaged: (id: string) => boolean;
    },
  ) {
    this.#log = log;
    this.#session = find.session;
    this.#nameOf = find.projectName;
    this.#isManaged = find.isManaged;
  }

  console(entries: readonly ConsoleEntry[]): void {
    for (const entry of entries) {
      const place =
        entry.file === undefined ? "" : ` (${entry.file}:${entry.line ?? 1}:${entry.column ?? 1})`;
      write(
        this.#channel(entry.session),
        entry.level === "log" ? "info" : entry.level,
        `${entry.text}${place}`,
      );
    }
  }

  logged(entries: readonly LogEntry[]): void {
    for (const { session, level, source, message } of entries) {
      // They come once more as lines of the dev server.
      if (session !== undefined && this.#isManaged(session)) continue;
      write(this.#channel(session), level, `${source}: ${message}`);
    }
  }

  devServerLogged(lines: readonly DevServerLine[]): void {
    for (const { pluginID, level, source, message } of lines)
      write(this.#named(this.#nameOf(pluginID) ?? pluginID), level, `${source}: ${message}`);
  }

  /** Whether a project has said anything yet. */
  has(projectName: string): boolean {
    return this.#channels.has(projectName);
  }

  /** Shows the log of a project by its name, or Vitrine's own. Focus stays. */
  show(projectName?: string): void {
    const channel = projectName === undefined ? undefined : this.#channels.get(projectName);
    (channel ?? this.#log).show(true);
  }

  dispose(): void {
    for (const channel of this.#channels.values()) channel.dispose();
  }

  /** Created with the first line: most sessions never say anything. */
  #channel(id: string | undefined): vscode.LogOutputChannel {
    const session = id === undefined ? undefined : this.#session(id);
    return session ? this.#named(session.project.name) : this.#log;
  }

  #named(name: string): vscode.LogOutputChannel {
    let channel = this.#channels.get(name);
    if (!channel) {
      channel = vscode.window.createOutputChannel(`Vitrine: ${name}`, { log: true });
      this.#channels.set(name, channel);
    }
    return channel;
  }
}

function write(channel: vscode.LogOutputChannel, level: LogEntry["level"], text: string): void {
  const line = plainText(text);
  if (level === "debug") channel.debug(line);
  else if (level === "info") channel.info(line);
  else if (level === "warn") channel.warn(line);
  else channel.error(line);
}
