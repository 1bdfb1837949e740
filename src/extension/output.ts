/** One log channel for Vitrine, and one per session with what its page and its Vite say. */
import * as vscode from "vscode";
import type { ConsoleEntry, LogEntry, Session } from "../protocol/model.ts";
import { plainText } from "./plain-text.ts";

export class Output implements vscode.Disposable {
  readonly #log: vscode.LogOutputChannel;
  readonly #session: (id: string) => Session | undefined;
  /** By name of the project: a session that is opened again goes on in the same channel. */
  readonly #channels = new Map<string, vscode.LogOutputChannel>();

  constructor(log: vscode.LogOutputChannel, session: (id: string) => Session | undefined) {
    this.#log = log;
    this.#session = session;
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
    for (const { session, level, source, message } of entries)
      write(this.#channel(session), level, `${source}: ${message}`);
  }

  /** Shows the log of a session, or Vitrine's own. Focus stays. */
  show(session?: Session): void {
    const channel = session && this.#channels.get(session.project.name);
    (channel ?? this.#log).show(true);
  }

  dispose(): void {
    for (const channel of this.#channels.values()) channel.dispose();
  }

  /** Created with the first line: most sessions never say anything. */
  #channel(id: string | undefined): vscode.LogOutputChannel {
    const session = id === undefined ? undefined : this.#session(id);
    if (!session) return this.#log;
    const { name } = session.project;
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
